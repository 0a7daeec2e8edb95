"""A certificate stands beside each release: true to the mechanism, signed, with a second accountant's figure."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import numpy as np
import pyarrow.parquet as pq
import pytest
from privacy_world import FIRST, events, land

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.keys import Keyring
from media_privacy_pipeline.privacy import Desk, Source, certificate, release, release_vector
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.pld import pld_epsilon
from media_privacy_pipeline.privacy.steps import release_table
from media_privacy_pipeline.release_policy import TableStatement, VectorStatement

TITLES = {"title_id": [f"t{n:03d}" for n in range(50)]}
SQL = """
select account_key, cast(started_at as date) as day, title_id, device_type as device, 1 as plays,
  watched_seconds as seconds from watched
"""
KEYS = Keyring(b"k" * 32)


def _signing(message: bytes) -> dict[str, str]:
    return {"key": KEYS.verifier_hex, "value": KEYS.sign(message)}


@pytest.fixture
def certified(statement: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]) -> tuple[dict, bytes]:
    source = Source(SQL, {"watched": events(50, 1)})
    stored = release("toy", statement, source, make_desk(sign=_signing), duck, days=[FIRST], public=TITLES)[FIRST]
    return json.loads(stored.path.with_suffix(".json").read_text()), stored.path.read_bytes()


def test_it_tells_statement_parts_charge_code_and_digest(certified: tuple, statement: TableStatement) -> None:
    document, content = certified
    mechanism = mechanism_of(statement)
    assert document["sha256"] == sha256(content).hexdigest()
    assert TableStatement.model_validate(document["statement"]) == statement
    told = {part["name"]: (part["sensitivity"], part["sigma"], part["centre"]) for part in document["parts"]}
    assert told.pop("totals") == (mechanism.totals_sensitivity, mechanism.totals_sigma, 0)
    assert told == {part.name: (part.sensitivity, part.sigma, part.centre) for part in mechanism.sums}
    assert (document["charge_id"], document["attempt"], document["partition"]) == (1, 1, str(FIRST))
    assert document["threshold"] is None
    assert document["code"]


def test_the_second_accountant_agrees_and_errs_to_the_safe_side(certified: tuple, statement: TableStatement) -> None:
    document, _ = certified
    for period, times in (("", 1), ("_budget_days", 365)):
        ours, theirs = (document[f"epsilon{which}{period}"] for which in ("", "_pld"))
        assert ours == epsilon_of(mechanism_of(statement).mu * times**0.5, 1e-9)
        assert ours * (1 - 1e-3) <= theirs <= ours * 1.01


def test_one_word_changed_and_the_signature_no_longer_holds(certified: tuple) -> None:
    document, _ = certified
    assert certificate.holds(document, KEYS.verifier_hex)
    assert not certificate.holds({**document, "mu": document["mu"] / 2}, KEYS.verifier_hex)
    assert not certificate.holds({**document, "signature": None}, KEYS.verifier_hex)
    assert not certificate.holds(document, Keyring(b"x" * 32).verifier_hex)


def test_noise_of_ten_per_cent_less_shows_in_the_second_figure(statement: TableStatement) -> None:
    part = mechanism_of(statement).sums[0]
    honest, weak = (pld_epsilon((part.sensitivity / (part.sigma * factor),), 1, 1e-9) for factor in (1, 0.9))
    assert weak > 1.08 * honest


def test_a_certificate_that_cannot_be_made_costs_no_charge_and_no_noise(
    statement: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> float:
        raise ImportError("dp_accounting")

    monkeypatch.setattr(certificate, "pld_epsilon", broken)
    desk = make_desk()
    with pytest.raises(ImportError):
        release("toy", statement, Source(SQL, {"watched": events(5, 1)}), desk, duck, days=[FIRST], public=TITLES)
    assert desk.ledger.charges() == []


def test_a_vector_has_one_a_part_and_a_desk_without_a_signer_leaves_it_unsigned(make_desk: Callable[..., Desk]) -> None:
    vector = VectorStatement(title="A toy", norm=1, resolution=1024, parts=2, mu=0.5)
    desk = make_desk()
    release_vector(desk, "v", vector, np.ones((3, 2)) / 4, partition="p", part=1, day=FIRST)
    document = json.loads((desk.folder / "v" / "p.1.json").read_text())
    assert document["signature"] is None
    assert document["releases_in_budget_days"] == 24
    assert VectorStatement.model_validate(document["statement"]) == vector
    assert document["epsilon_pld_budget_days"] == pytest.approx(epsilon_of(0.5 * 12**0.5, 1e-9), rel=0.01)


def test_a_step_shows_the_certificate_of_its_newest_day(make_session: Callable[..., Session]) -> None:
    session = make_session()
    days = [FIRST + timedelta(days=n) for n in range(5)]
    land(session, events(accounts=20, days=3), days)
    shown = release_table(session, Span.of(days[0], days[-1]), "discovery_daily").metadata
    document = shown["certificate"]
    assert isinstance(document, dict)
    assert document["partition"] == str(days[2])
    assert certificate.holds(document, session.keyring.verifier_hex)
    assert shown["epsilon_pld_one_release"] == document["epsilon_pld"] >= shown["epsilon_one_release"] - 1e-4


def test_a_file_that_is_there_has_its_certificate_whenever_the_run_ends(
    statement: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, seen = make_desk(), []
    replace = type(desk.folder).replace

    def noting(self, target):  # type: ignore[no-untyped-def]
        seen.append(target.suffix)
        return replace(self, target)

    monkeypatch.setattr(type(desk.folder), "replace", noting)
    stored = release("toy", statement, Source(SQL, {"watched": events(5, 1)}), desk, duck, days=[FIRST], public=TITLES)
    assert seen == [".json", ".parquet"]
    assert stored[FIRST].path.with_suffix(".json").exists()
    assert pq.read_table(stored[FIRST].path).num_rows == 150
