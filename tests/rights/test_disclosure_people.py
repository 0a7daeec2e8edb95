"""Case 43 and rule 8: whose rows a recipient gets, by which form, and under which name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyarrow.parquet as pq
import pytest
from disclosure_world import SAID, P, hand, world
from retention_world import T, stored

from media_privacy_pipeline.consent import standing_people
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.rights.disclosure import Disclosure, DisclosureLog

ALLOWED = {"office": {"23 months", "for the office", "not the bureau"}, "bureau": {"23 months"}}


class Handed(NamedTuple):
    """The world after both offices got theirs: their files, and the lines of the log."""

    session: Session
    files: dict[str, Path]
    lines: dict[str, Disclosure]


@pytest.fixture(scope="module")
def handed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handed]:
    folder = tmp_path_factory.mktemp("handed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(folder))
        session = world(folder)
        done = {name: hand(session, folder / f"{name}.parquet", name) for name in ALLOWED}
        yield Handed(
            session,
            {name: each.file for name, each in done.items()},
            {name: each.recorded.disclosure for name, each in done.items()},
        )


def keys_of(session: Session, purpose: str, accounts: set[str]) -> set[str]:
    return set(session.keyring.viewer_keys(purpose, [(account, "main") for account in sorted(accounts)]))


@pytest.mark.parametrize("recipient", ALLOWED)
def test_case_43_a_form_of_23_months_counts_one_of_25_does_not_and_a_named_one_for_its_recipient_alone(
    handed: Handed, recipient: str
) -> None:
    rows = pq.read_table(handed.files[recipient])
    theirs = keys_of(handed.session, f"disclosure/{recipient}", ALLOWED[recipient])
    assert set(rows["viewer_key"].to_pylist()) == theirs
    assert rows.num_rows == 2 * len(theirs)


def test_two_recipients_cannot_put_together_what_they_got(handed: Handed) -> None:
    keys = [set(pq.read_table(file)["viewer_key"].to_pylist()) for file in handed.files.values()]
    assert not keys[0] & keys[1]
    served = keys_of(handed.session, P, set(SAID))
    assert not served & (keys[0] | keys[1])


def test_the_log_counts_and_names_nobody(handed: Handed) -> None:
    assert [(line.rows, line.people) for line in handed.lines.values()] == [(6, 3), (2, 1)]
    log = (handed.session.settings.home / "ledger" / "disclosures.jsonl").read_text()
    secrets = [*SAID, *keys_of(handed.session, P, set(SAID)), *stored(handed.session, "disclosures", "viewer_key")]
    assert not [secret for secret in secrets if secret in log]
    assert DisclosureLog(handed.session.settings.home, handed.session.keyring).verify().ok


def test_who_received_what_is_kept_person_by_person(handed: Handed) -> None:
    session = handed.session
    kept = list(
        zip(stored(session, "disclosures", "disclosure_no"), stored(session, "disclosures", "recipient"), strict=True)
    )
    assert len(kept) == 4
    assert set(stored(session, "disclosures", "viewer_key")) == keys_of(session, "disclosure", ALLOWED["office"])


def test_who_agrees_to_the_handing_over_is_asked_apart_from_what_the_table_is_for(handed: Handed) -> None:
    found = {account for account, _ in standing_people(handed.session, T, "disclosure", "office")}
    assert found == ALLOWED["office"] | {"nothing personal"}
