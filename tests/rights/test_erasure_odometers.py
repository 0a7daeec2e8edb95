"""What an erased account owes on its allowances goes with it; a profile's household keeps what it owes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from erasure_nights import account, asks, day, drop, night, open_session, zone

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.privacy.odometers import Odometer
from media_privacy_pipeline.privacy.open import PURPOSE, odometers_of
from media_privacy_pipeline.rights.erasure import receipt, steps

_KNOWN = (
    "accept_accounts", "accept_viewing_events", "accept_consent_events", "accept_subject_requests", "accept_titles",
    "accept_search_events", "update_ledger", "identify",
)  # fmt: skip
SPAN = Span.of(day(1), day(2))
NAMES = ("ann", "cid", "eve")


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ann has asked to be erased, and eve that one of her two profiles is; both owe something, and so does cid."""
    folder = tmp_path_factory.mktemp("odometers")
    zone(folder / "landing", 2)
    asked = [asks("ann", "erasure", 2), asks("eve", "erasure", 2, profile_id="second")]
    drop(folder / "landing", "subject_requests", asked, 2)
    session = open_session(folder)
    night(session, 2, only=_KNOWN)
    odometers_of(session).write("title_daily", "0123", _owing(session))
    session.close()
    return folder


@pytest.fixture
def session(taken_in: Path, tmp_path: Path) -> Iterator[Session]:
    """A copy of that home."""
    shutil.copytree(taken_in, tmp_path, dirs_exist_ok=True)
    session = open_session(tmp_path)
    yield session
    session.close()


def _owing(session: Session) -> Odometer:
    keys = session.keyring.account_keys(PURPOSE, [account(name) for name in NAMES])
    return Odometer(5, day(1), pa.array(keys), np.array([3, 4, 5]))


def test_case_52_the_debt_of_an_erased_account_goes_and_all_others_stay(session: Session) -> None:
    steps.carry_out(session, SPAN)
    kept = odometers_of(session).find("title_daily", "0123")
    before = _owing(session)
    assert kept is not None
    assert (kept.charge_id, kept.day) == (before.charge_id, before.day)
    assert (kept.accounts.to_pylist(), kept.owed.tolist()) == (before.accounts.to_pylist()[1:], [4, 5])
    steps.prove(session, SPAN)
    told = json.loads((session.settings.receipts / f"{receipt.ref_of(session, 'r-ann-erasure-2')}.json").read_text())
    assert told["rows_removed"]["vault/odometers"] == 1
    assert told["scan"]["zones"]["vault"]["files"] >= 2


def test_case_53_an_erased_account_in_an_odometer_is_found_and_has_no_receipt(session: Session) -> None:
    steps.carry_out(session, SPAN)
    odometers_of(session).write("title_daily", "0123", _owing(session))
    with pytest.raises(Refused, match=r"still found in vault/odometers/title_daily.0123.sealed"):
        steps.prove(session, SPAN)


def test_case_53_an_odometer_that_cannot_be_opened_is_not_called_clean(session: Session) -> None:
    steps.carry_out(session, SPAN)
    (file,) = odometers_of(session).files()
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(Refused, match=r"vault/odometers/title_daily.0123.sealed cannot be opened"):
        steps.prove(session, SPAN)
