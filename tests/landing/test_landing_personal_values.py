"""A personal value in a column that is declared to hold none is scrubbed or refused, on both engines, and counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from landing_toy import DAY, a, accepted, counts, drop, later, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine

SCRUBBED = [
    ("ask anna.berg+tv@mail.example.org now", "ask [email] now", "email"),
    ("a@b.example, c@d.example", "[email], [email]", "email"),
    ("4111 1111 1111 1111", "[card]", "card"),
    ("card 5500-0000-0000-0004 and 4111111111111111.", "card [card] and [card].", "card"),
    ("from 192.168.1.254", "from [ip]", "ip"),
    ("from 2001:db8::8a2e:370:7334 or so", "from [ip] or so", "ip"),
    ("call +49 30 1234567", "call [phone]", "phone"),
    ("(212) 555-0100", "[phone]", "phone"),
    ("0301 2345678", "[phone]", "phone"),
]
KEPT = [
    "boats", "@home", "a@b", "se7en 1995", "4111 1111 1111 1112", "12345678901234567890123", "version 1.2.3.4.5",
    "300.1.1.1", "24:00", "std::dead", "01.02.2024", "the 39 steps", "100000", "2001: a space odyssey",
]  # fmt: skip


def test_a_query_is_scrubbed_and_the_rows_that_were_are_counted(session: Session, landing: Path) -> None:
    queries = [*(query for query, _, _ in SCRUBBED), *KEPT]
    drop(landing, "search_events", [a("search_events", event_id=f"{n:02}", query=q) for n, q in enumerate(queries)])
    let_in(session, "search_events")
    found = {row["event_id"]: row["query"] for row in accepted(session, "search_events")}
    assert list(found.values()) == [*(clean for _, clean, _ in SCRUBBED), *KEPT]
    flagged = {reason: rows for (stage, reason), rows in counts(session, "search_events").items() if stage == "flagged"}
    kinds = [kind for _, _, kind in SCRUBBED]
    assert flagged == {f"scrubbed_{kind}_in_query": kinds.count(kind) for kind in set(kinds)}


def test_a_value_in_a_key_is_refused_and_kept_in_quarantine_alone(either: Session, landing: Path) -> None:
    rows = [
        a("viewing_events", event_id="1", title_id="anna@mail.example"),
        a("viewing_events", event_id="2", device_id="anna@mail.example", app_version="1.0 anna@mail.example"),
        a("viewing_events", event_id="3", app_version="1.0 anna@mail.example"),
    ]
    drop(landing, "viewing_events", rows)
    let_in(either, "viewing_events")
    found = counts(either, "viewing_events")
    assert (
        found["quarantined", "personal_value_in_title_id"] == found["quarantined", "personal_value_in_device_id"] == 1
    )
    assert found["accepted", ""] == found["flagged", "scrubbed_email_in_app_version"] == 1
    assert [row["app_version"] for row in accepted(either, "viewing_events")] == ["1.0 [email]"]
    refused = quarantine.read(either, "viewing_events", DAY)
    assert [refusal.row and refusal.row["title_id"] for refusal in refused] == ["anna@mail.example", "t1"]


def test_no_byte_of_it_is_stored_in_the_clear(session: Session, landing: Path) -> None:
    drop(landing, "search_events", [a("search_events", query="hunter2@mail.example")])
    drop(landing, "viewing_events", [a("viewing_events", device_type="hunter2@mail.example", referrer="hunter2@x.org")])
    for source in ("search_events", "viewing_events"):
        let_in(session, source)
    kept = [path for path in session.settings.home.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if b"hunter2" in path.read_bytes()]


def test_a_second_delivery_is_a_duplicate_and_what_is_digested_is_what_is_stored(
    session: Session, landing: Path
) -> None:
    one = a("search_events", query="ask anna@mail.example")
    drop(landing, "search_events", [one])
    drop(landing, "search_events", [one, a("search_events", query="ask bo@mail.example")], later(1))
    drop(landing, "search_events", [a("search_events", query="ask somebody")], later(2))
    let_in(session, "search_events", DAY, later(2))
    found = counts(session, "search_events")
    assert found["duplicate", ""] == 2
    assert found["quarantined", "conflicting_duplicate"] == found["accepted", ""] == 1


def test_a_row_that_breaks_a_rule_keeps_the_reason_of_the_rule(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", [a("viewing_events", title_id="anna@mail.example", watched_seconds=-1)])
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events")["quarantined", "watched_seconds_out_of_range"] == 1


def test_a_choice_is_heard_whatever_its_row_holds(session: Session, landing: Path) -> None:
    drop(landing, "consent_events", [a("consent_events", state="withdrawn", evidence_ref="form of anna@mail.example")])
    let_in(session, "consent_events")
    [row] = accepted(session, "consent_events")
    assert (row["state"], row["evidence_ref"]) == ("withdrawn", "form of [email]")
    assert counts(session, "consent_events")["flagged", "scrubbed_email_in_evidence_ref"] == 1


@pytest.mark.parametrize("plan", ["premium", "premium of anna@mail.example"])
def test_snapshots_are_searched_too(session: Session, landing: Path, plan: str) -> None:
    drop(landing, "accounts", [a("accounts", plan=plan)])
    let_in(session, "accounts")
    [row] = accepted(session, "accounts")
    assert row["plan"] == plan.replace("anna@mail.example", "[email]")
    assert row["email"] == "a@example.org"
    assert counts(session, "accounts").get(("flagged", "scrubbed_email_in_plan"), 0) == int("@" in plan)
