"""No proof, no receipt; and what is under way is finished by whoever opens the home next."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from erasure_nights import account, as_of, asks, day, drop, night, open_session, rows, zone

from media_privacy_pipeline.consent.erasures import asked
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.orchestration.session import opened
from media_privacy_pipeline.rights.erasure import receipt, steps
from media_privacy_pipeline.rights.erasure.journal import begin, under_way
from media_privacy_pipeline.rights.erasure.plan import plan

_TAKEN_IN = ("accept_accounts", "accept_viewing_events", "accept_consent_events", "accept_subject_requests")
_KNOWN = (*_TAKEN_IN, "accept_titles", "accept_search_events", "update_ledger", "identify")


@pytest.fixture(scope="module")
def taken_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two days taken in, and ann and bea have asked to be erased; nothing was published."""
    folder = tmp_path_factory.mktemp("proof")
    zone(folder / "landing", 2)
    drop(folder / "landing", "subject_requests", [asks("ann", "erasure", 2), asks("bea", "erasure", 2)], 2)
    session = open_session(folder)
    night(session, 2, only=_KNOWN)
    session.close()
    return folder


@pytest.fixture
def session(taken_in: Path, tmp_path: Path) -> Iterator[Session]:
    """A copy of that home."""
    shutil.copytree(taken_in, tmp_path, dirs_exist_ok=True)
    session = open_session(tmp_path)
    yield session
    session.close()


SPAN = Span.of(day(1), day(2))


def receipts(session: Session) -> set[str]:
    return {path.stem for path in session.settings.receipts.glob("*.json")}


def test_case_53_whoever_is_still_found_has_no_receipt_until_they_are_gone(session: Session) -> None:
    steps.carry_out(session, SPAN)
    left = session.settings.home / "notes.txt"
    left.write_text(f"call {account('ann')} back")
    with pytest.raises(Refused, match=r"1 erasures .* no receipt:\n.*1 of the people are still found in notes.txt"):
        steps.prove(session, SPAN)
    assert receipts(session) == {receipt.ref_of(session, "r-bea-erasure-2")}
    left.unlink()
    assert steps.prove(session, SPAN).rows == {"erasure_receipts": 1}
    assert receipts(session) == {receipt.ref_of(session, f"r-{name}-erasure-2") for name in ("ann", "bea")}
    assert list(session.settings.erasures.iterdir()) == []
    assert steps.prove(session, SPAN).skipped


def test_case_53_nobody_has_a_receipt_while_a_file_cannot_be_opened(session: Session) -> None:
    steps.carry_out(session, SPAN)
    broken = session.settings.lake / "old.parquet"
    broken.write_bytes(b"PAR1")
    with pytest.raises(Refused, match=r"2 erasures .*\n.*lake/old.parquet cannot be opened"):
        steps.prove(session, SPAN)
    assert receipts(session) == set()


def test_case_53_rows_of_a_profile_are_counted_where_its_account_id_stays(session: Session, tmp_path: Path) -> None:
    drop(tmp_path / "landing", "subject_requests", [asks("eve", "erasure", 2, profile_id="second")], 2)
    night(session, 2, only=_KNOWN)
    before = session.lake.files("accepted_search_events")[0]
    kept = before.read_bytes()
    steps.carry_out(session, SPAN)
    before.write_bytes(kept)
    with pytest.raises(Refused, match="1 of the people are still found in lake/accepted_search_events"):
        steps.prove(session, SPAN)


def test_all_people_go_in_one_pass_and_what_loses_nobody_is_not_touched(session: Session) -> None:
    times = {file: file.stat().st_mtime_ns for file in session.lake.files("accepted_titles")}
    steps.carry_out(session, SPAN)
    (journal,) = under_way(session)
    told = [entry for entry in journal.every("rewrite") if entry["zone"] == "lake/accepted_viewing_events"]
    assert [entry["rows"] for entry in told] == [{"0": 3, "1": 3}] * 2
    assert {file: file.stat().st_mtime_ns for file in session.lake.files("accepted_titles")} == times


def test_a_plan_counts_and_changes_nothing(session: Session) -> None:
    before = rows(session, "accepted_viewing_events")
    found = plan(session, SPAN)
    assert (found.due, found.held, found.under_way) == (2, 0, 0)
    assert found.rows == {
        "accepted_accounts": 2, "accepted_consent_events": 10, "accepted_search_events": 4,
        "accepted_subject_requests": 2, "accepted_viewing_events": 12, "subjects": 2,
    }  # fmt: skip
    assert rows(session, "accepted_viewing_events") == before


def test_whoever_opens_the_home_finishes_what_a_crash_interrupted(session: Session) -> None:
    begin(session, SPAN.as_of, asked(session, SPAN.as_of).due)
    session.close()
    with opened(session.settings, "test") as next_one:
        assert account("ann") not in {row["account_id"] for row in rows(next_one, "accepted_viewing_events")}
        (journal,) = under_way(next_one)
        assert journal.as_of == as_of(2)
        assert steps.carry_out(next_one, SPAN).rows == {"erasures": 0}
        assert account("ann") not in {row["account_id"] for row in rows(next_one, "subjects")}


def test_the_journal_is_sealed_and_names_nobody(session: Session) -> None:
    steps.carry_out(session, SPAN)
    kept = b"".join(path.read_bytes() for path in session.settings.erasures.rglob("*") if path.is_file())
    assert b"household" not in kept
    assert b"accepted_viewing_events" in kept
