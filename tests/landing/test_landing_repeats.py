"""One identity is let in once: duplicates are dropped, conflicts quarantined, and the first arrival stays."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_toy import DAY, Row, a, accepted, accounting, counts, drop, later, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine
from media_privacy_pipeline.sql import Project

SOURCES = {
    "viewing_events": ("event_id", "title_id"),
    "search_events": ("event_id", "query"),
    "consent_events": ("consent_event_id", "purpose"),
    "subject_requests": ("request_id", "purpose"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_the_first_arrival_stays(either: Session, landing: Path, source: str) -> None:
    key, column = SOURCES[source]
    same, other = a(source, **{key: "x", column: "one"}), a(source, **{key: "x", column: "two"})
    drop(landing, source, [same, same, other], name="b.jsonl")
    drop(landing, source, [other, same], later(3))
    drop(landing, source, [{**same, key: "y"}], name="a.parquet")
    let_in(either, source, DAY, later(3))
    assert counts(either, source) | {("flagged", "title_unknown"): 0} == {
        ("landed", ""): 6, ("accepted", ""): 2, ("duplicate", ""): 2, ("quarantined", "conflicting_duplicate"): 2,
        ("flagged", "title_unknown"): 0,
    }  # fmt: skip
    assert [(row[key], row[column]) for row in accepted(either, source)] == [("x", "one"), ("y", "one")]
    assert [(r.line, r.reason) for r in quarantine.read(either, source, DAY)] == [(3, "conflicting_duplicate")]


def test_one_event_in_two_formats_and_spellings_is_one(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", [a("viewing_events", device_type="tv", started_at="2026-03-01T10:00:00Z")])
    spelt = a("viewing_events", device_type="Smart TV", started_at=1772359200000, country="se", profile_id="main")
    drop(landing, "viewing_events", [spelt], name="part-1.parquet")
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events")["duplicate", ""] == 1


def test_absent_values_do_not_move_into_their_neighbours(session: Session, landing: Path) -> None:
    rows = [a("viewing_events", session_id="x"), a("viewing_events", device_id="x")]
    drop(landing, "viewing_events", rows)
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events")["quarantined", "conflicting_duplicate"] == 1


def test_a_refused_row_claims_no_identity(session: Session, landing: Path) -> None:
    rows = [a("viewing_events", watched_seconds=-1), a("viewing_events"), a("viewing_events")]
    drop(landing, "viewing_events", rows)
    let_in(session, "viewing_events")
    found = counts(session, "viewing_events")
    assert (found["accepted", ""], found["duplicate", ""]) == (1, 1)
    assert found["quarantined", "watched_seconds_out_of_range"] == 1


def with_lateness(session: Session, days: int) -> Session:
    """The session under a lateness window of some days."""
    door = session.policy.landing.model_copy(update={"lateness_days": days})
    vars(session)["policy"] = session.policy.model_copy(update={"landing": door})
    return session


@pytest.mark.parametrize(("gap", "again"), [(2, False), (3, True)])
def test_an_identity_is_forgotten_after_the_window(session: Session, landing: Path, gap: int, again: bool) -> None:
    for day in (DAY, later(gap)):
        drop(landing, "viewing_events", [a("viewing_events")], day)
    let_in(with_lateness(session, 2), "viewing_events", DAY, later(gap))
    assert counts(session, "viewing_events")["accepted", ""] == (2 if again else 1)


def test_days_run_in_another_order_let_nothing_in_twice(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", [a("viewing_events")], DAY)
    drop(landing, "viewing_events", [a("viewing_events")], later(1))
    let_in(session, "viewing_events", later(1))
    let_in(session, "viewing_events", DAY)
    assert counts(session, "viewing_events")["accepted", ""] == 1
    # In order again, and whole: the first arrival is the one that stays.
    shutil.rmtree(session.settings.lake)
    let_in(session, "viewing_events", DAY, later(1))
    assert [row["arrival_day"] for row in accepted(session, "viewing_events")] == [DAY]


def reference(days: list[list[tuple[str, str]]], window: int) -> list[list[str]]:
    """What becomes of each row, told row by row: the rule in its plainest words."""
    last: dict[str, tuple[int, str]] = {}
    told = []
    for day, rows in enumerate(days):
        told.append(list[str]())
        for identity, payload in rows:
            if identity in last and day - last[identity][0] <= window:
                told[-1].append("duplicate" if last[identity][1] == payload else "quarantined")
            else:
                last[identity] = day, payload
                told[-1].append("accepted")
    return told


rows = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("xy")), max_size=4)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(days=st.lists(rows, min_size=1, max_size=7), window=st.integers(1, 3), cuts=st.sets(st.integers(1, 6)))
def test_days_one_by_one_or_in_ranges_are_the_same(
    make_session: Callable[..., Session],
    project: Project,
    tmp_path_factory: pytest.TempPathFactory,
    days: list[list[tuple[str, str]]],
    window: int,
    cuts: set[int],
) -> None:
    base = tmp_path_factory.mktemp("order")
    for number, found in enumerate(days):
        sent: list[Row] = [a("search_events", event_id=identity, query=payload) for identity, payload in found]
        half = len(sent) // 2
        drop(base / "landing", "search_events", sent[:half], later(number), name="a.csv")
        drop(base / "landing", "search_events", sent[half:], later(number), name="b.jsonl")

    def run(name: str, ends: list[int]) -> tuple[list[Any], list[Row]]:
        session = make_session(landing=base / "landing", home=base / name)
        vars(session)["project"] = project
        with_lateness(session, window)
        first = 0
        for end in ends:
            let_in(session, "search_events", later(first), later(end - 1))
            first = end
        return accounting(session, "search_events"), accepted(session, "search_events")

    whole = run("whole", [len(days)])
    assert run("daily", list(range(1, len(days) + 1))) == whole
    assert run("cut", sorted({*(cut for cut in cuts if cut < len(days)), len(days)})) == whole
    wanted = [
        (later(day), stage, rows.count(stage))
        for day, rows in enumerate(reference(days, window))
        for stage in ("accepted", "duplicate", "quarantined")
        if stage in rows
    ]
    assert [(c.arrival_day, c.stage, c.rows) for c in whole[0] if c.stage != "landed"] == wanted


def test_consents_in_doubt_name_the_subjects_of_both_sides(either: Session, landing: Path) -> None:
    said = a("consent_events", consent_event_id="x", purpose="analytics", profile_id="kids")
    drop(landing, "consent_events", [said, {**said, "consent_event_id": "y"}])
    drop(landing, "consent_events", [{**said, "purpose": "training", "recorded_at": "2026-03-02T00:00:00Z"}], later(1))
    drop(landing, "consent_events", [said, {**said, "account_id": "a2"}], later(2))
    let_in(either, "consent_events", DAY, later(2))
    whole = doubts(either)
    assert whole == [
        ("x", "a1", "kids", "analytics", later(1)),
        ("x", "a1", "kids", "analytics", later(2)),
        ("x", "a1", "kids", "training", later(1)),
        ("x", "a2", "kids", "analytics", later(2)),
    ]
    shutil.rmtree(either.settings.lake)
    for day in range(3):
        let_in(either, "consent_events", later(day))
    assert doubts(either) == whole


def doubts(session: Session) -> list[tuple[Any, ...]]:
    """Rows of conflicting_consents."""
    table = "conflicting_consents"
    sql = f"select consent_event_id, account_id, profile_id, purpose, arrival_day from {table}"
    return sorted(tuple(row.values()) for row in session.engine.fetch(sql, {table: session.folder(table)}).to_pylist())
