"""What was destroyed stays destroyed: a repeated run, the same files again, a span longer than the window."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from retention_world import T, ago, asked, decided, open_session, put, run, stored, watched

from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.landing import steps as door
from media_privacy_pipeline.rights.retention.steps import retain

# Ten days of window and ten more: what is over 20 days old goes.
SHORT: dict[str, Any] = {"retention": {"unneeded_days": {"viewing_events": 10, "search_events": 10}}}


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return short(tmp_path, DuckDBEngine(tmp_path / "work", memory_limit="1GB"))


def short(folder: Path, engine: Engine) -> Session:
    from media_privacy_pipeline import policy

    purposes = policy.load().model_dump(mode="json")["purposes"]
    return open_session(folder, engine, **SHORT, purposes={n: {**p, "window_days": 10} for n, p in purposes.items()})


def land(session: Session, day: date, ages: list[float], kind: str = "viewing_events", **more: Any) -> Path:
    """A drop of events so many days old at T, in the landing zone."""
    folder = session.settings.landing / kind / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "event_id": f"{day} {age}",
            "account_id": "a",
            "title_id": "t1",
            "started_at": f"{ago(age).isoformat()}Z",
            **more,
        }
        for age in ages
    ]
    file = folder / "part-0.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def take_in(session: Session, first: date, last: date, as_of: Any = None) -> Span:
    span = Span.of(first, last, as_of)
    door.accept(session, span, "viewing_events")
    return span


def counts(session: Session, day: date) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for file in session.lake.files("accounted_viewing_events", [day]):
        for row in pq.ParquetFile(file).read().to_pylist():
            found[row["stage"], row["reason"]] += row["rows"]
    return dict(found)


def test_a_second_night_of_the_same_time_finds_nothing(session: Session) -> None:
    put(session, "accepted_viewing_events", [watched("old", 21), watched("new", 1)])
    run(session)
    day = (T - timedelta(days=1)).date()
    files = {file: file.stat().st_mtime_ns for file in session.lake.files("accepted_viewing_events")}
    assert retain(session, Span.of(day, day, T)).skipped
    assert {file: file.stat().st_mtime_ns for file in session.lake.files("accepted_viewing_events")} == files


def test_a_destroyed_day_does_not_come_back_while_its_files_are_there(session: Session) -> None:
    day = ago(15).date()
    land(session, day, [14.5, 14.6])
    take_in(session, day, day)
    assert len(stored(session)) == 2
    later = T + timedelta(days=6)
    run(session, later)
    assert stored(session) == []
    take_in(session, day, day, later)
    assert stored(session) == []
    assert session.lake.meta("accepted_viewing_events", day) is not None


def test_both_engines_leave_what_is_too_old_at_the_door(tmp_path: Path, engine: Engine) -> None:
    session = short(tmp_path, engine)
    first, day = ago(2).date(), ago(1).date()
    land(session, first, [21, 20])
    land(session, day, [19, 20.1, 1])
    take_in(session, first, day)
    assert stored(session) == [f"{first} 20", f"{day} 1", f"{day} 19"]
    for each in (first, day):
        assert counts(session, each)["dropped", "past_retention"] == 1


def test_a_day_whose_files_were_touched_is_refused_row_by_row(session: Session) -> None:
    day = ago(15).date()
    file = land(session, day, [14.1, 14.9])
    take_in(session, day, day)
    later = T + timedelta(days=5, hours=12)
    run(session, later)
    assert stored(session) == [f"{day} 14.1"]
    os.utime(file, (1, 1))
    take_in(session, day, day, later)
    assert stored(session) == [f"{day} 14.1"]
    assert counts(session, day) == {("landed", ""): 2, ("accepted", ""): 1, ("dropped", "past_retention"): 1,
                                    ("flagged", "title_unknown"): 1}  # fmt: skip


def test_one_run_over_more_days_than_the_window_keeps_the_last_of_them(session: Session) -> None:
    first = ago(24).date()
    for n in range(24):
        land(session, first + timedelta(days=n), [24 - n - 0.5])
    span = take_in(session, first, (T - timedelta(days=1)).date())
    assert span.as_of == T
    run(session)
    assert len(stored(session)) == 20
    told = [counts(session, day) for day in span.days]
    assert sum(each.get(("dropped", "past_retention"), 0) for each in told) == 4
    for day, each in zip(span.days, told, strict=True):
        assert each["landed", ""] == each.get(("accepted", ""), 0) + each.get(("dropped", "past_retention"), 0)
        assert decided(session, day) == each.get(("accepted", ""), 0)


def test_decisions_of_a_day_that_lost_rows_are_not_counted_anew(session: Session) -> None:
    """Run over the whole span night after night, the accounting still balances to the row."""
    first = ago(15).date()
    for n in range(15):
        land(session, first + timedelta(days=n), [15 - n - 0.5])
    for night in (0, 7, 8):
        as_of = T + timedelta(days=night)
        span = take_in(session, first, (T - timedelta(days=1)).date(), as_of)
        from media_privacy_pipeline.consent import steps as consent

        for step in (consent.update_ledger, consent.identify, consent.timeline, consent.account_decisions):
            step(session, span)
        retain(session, span)
    assert len(stored(session)) == 12
    assert all(decided(session, day) == counts(session, day)["accepted", ""] == 1 for day in span.days)


def test_the_door_lets_in_what_a_hold_may_keep(session: Session) -> None:
    put(session, "accepted_subject_requests", [asked("legal_hold", 5)])
    day = ago(1).date()
    land(session, day, [30, 1])
    door.accept(session, Span.of(day, day, T), "viewing_events")
    assert len(stored(session)) == 2
    run(session)
    assert len(stored(session)) == 2
