"""What an erased person's devices still send is dropped at the door, counted, and kept nowhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from landing_toy import DAY, a, accepted, counts, drop, later, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.keys import pseudonym

_TIME = pa.timestamp("us")


def erase(session: Session, *ids: tuple[str, ...], at: datetime | None = None) -> None:
    """Put tombstones of accounts, or of profiles, in place; `at` is when the erasure was carried out."""
    key = session.keyring.derive("suppression")
    rows = {"subject_ref": [pseudonym(key, *one) for one in ids], "erased_at": pa.array([at] * len(ids), _TIME)}
    with session.lake.write("suppressed_subjects", "test") as staging:
        pq.write_table(pa.table(rows), staging / "part-0.parquet")


def test_rows_of_the_erased_are_dropped_before_any_rule(either: Session, landing: Path) -> None:
    erase(either, ("gone",), ("a2", "kids"), ("a3", "main"))
    sent = [
        ("gone", None), ("gone", "kids"), (" gone ", None), ("a2", "kids"), ("a2", "main"), ("a2", None), ("a3", None),
        ("a1", None),
    ]  # fmt: skip
    rows = [
        a("viewing_events", event_id=str(at), account_id=account, profile_id=profile)
        for at, (account, profile) in enumerate(sent)
    ]
    bad = a("viewing_events", event_id="x", account_id="gone", watched_seconds=-1)
    drop(landing, "viewing_events", [*rows, bad, {**rows[0], "title_id": "t9"}, {**rows[0], "account_id": ""}])
    let_in(either, "viewing_events")
    found = counts(either, "viewing_events")
    assert (found["landed", ""], found["dropped", "erased"], found["accepted", ""]) == (11, 7, 3)
    assert found["quarantined", "missing_account_id"] == 1
    assert [row["event_id"] for row in accepted(either, "viewing_events")] == ["4", "5", "7"]


def test_what_was_let_in_before_is_not_read_again_for_an_erasure(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", [a("viewing_events")])
    let_in(session, "viewing_events")
    erase(session, ("a1",))
    assert let_in(session, "viewing_events").skipped
    drop(landing, "viewing_events", [a("viewing_events", event_id="late")], later(1))
    let_in(session, "viewing_events", later(1))
    assert counts(session, "viewing_events")["dropped", "erased"] == 1


def test_accounts_and_consents_of_the_erased_are_dropped_and_requests_kept(session: Session, landing: Path) -> None:
    erase(session, ("a1",))
    for source in ("accounts", "consent_events", "subject_requests", "search_events", "titles"):
        drop(landing, source, [a(source)])
        let_in(session, source)
    dropped = {source: ("dropped", "erased") in counts(session, source) for source in ("accounts", "consent_events")}
    assert dropped == {"accounts": True, "consent_events": True}
    assert counts(session, "subject_requests")["accepted", ""] == 1
    assert counts(session, "titles")["accepted", ""] == 1


def test_a_consent_for_a_whole_account_is_not_of_an_erased_profile(session: Session, landing: Path) -> None:
    erase(session, ("a1", "main"), ("a1", "kids"))
    rows = [a("consent_events"), a("consent_events", consent_event_id="c2", profile_id="kids")]
    drop(landing, "consent_events", rows, DAY)
    let_in(session, "consent_events")
    assert [row["consent_event_id"] for row in accepted(session, "consent_events")] == ["c1"]


def test_requests_that_an_erasure_answered_are_dropped_and_later_ones_let_in(either: Session, landing: Path) -> None:
    erase(either, ("a1",), ("a2", "kids"), at=datetime(2026, 3, 1, 12))
    erase_later = a("subject_requests", request_id="r2", received_at="2026-03-01T12:00:01Z")
    rows = [
        a("subject_requests"),
        a("subject_requests", request_id="r1b", received_at=1772366400000),
        erase_later,
        a("subject_requests", request_id="r3", account_id="a2", profile_id="kids"),
        a("subject_requests", request_id="r4", account_id="a2"),
        a("subject_requests", request_id="r5", account_id="a2", profile_id="main"),
    ]
    drop(landing, "subject_requests", rows)
    let_in(either, "subject_requests")
    assert [row["request_id"] for row in accepted(either, "subject_requests")] == ["r2", "r4", "r5"]
    assert counts(either, "subject_requests")["dropped", "erased"] == 3


def test_a_broken_request_of_an_erased_account_is_told_by_its_arrival(session: Session, landing: Path) -> None:
    erase(session, ("a1",), at=datetime(2026, 3, 2))
    for day in (DAY, later(1)):
        drop(landing, "subject_requests", [a("subject_requests", request_id=f"r{day}", received_at="soon")], day)
        let_in(session, "subject_requests", day)
    found = counts(session, "subject_requests")
    assert (found["dropped", "erased"], found["quarantined", "bad_timestamp"]) == (1, 1)
