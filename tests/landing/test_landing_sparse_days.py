"""Many days with little on them are taken in at once, and in windows only where an identity comes twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from landing_toy import DAY, a, accepted, accounting, counts, drop, later, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import daily
from media_privacy_pipeline.landing.batching import chunks, windows
from media_privacy_pipeline.landing.door import Door
from media_privacy_pipeline.landing.drops import Drop, Drops

WINDOW = 45


def drops_of(size: int, days: int) -> Drops:
    """One file of so many bytes on each day."""
    names = [(later(n), f"viewing_events/day={later(n)}/part-0.parquet") for n in range(days)]
    return Drops({day: [Drop(Path(name), name, day, size, 0)] for day, name in names})


@pytest.mark.parametrize(("size", "longest"), [(0, 1_000), (1 << 10, 1_000), (1 << 20, 64), (40 << 20, WINDOW)])
def test_a_chunk_is_longer_than_the_window_only_where_there_is_little_to_read(size: int, longest: int) -> None:
    days = [later(n) for n in range(2_500)]
    found = chunks(days, drops_of(size, len(days)), WINDOW)
    assert [day for run in found for day in run] == days
    assert max(map(len, found)) == longest


def test_a_gap_ends_a_chunk() -> None:
    assert chunks([later(0), later(1), later(3)], Drops(), WINDOW) == [[later(0), later(1)], [later(3)]]


@given(length=st.integers(1, 40), repeated=st.sets(st.integers(0, 39)), window=st.integers(1, 9))
def test_windows_are_short_or_clean_and_fewer_than_the_chunk_has(length: int, repeated: set[int], window: int) -> None:
    days, again = [later(n) for n in range(length)], {later(n) for n in repeated if n < length}
    found = windows(days, again, window)
    assert [day for run in found for day in run] == days
    assert all(run and (len(run) <= window or not again.intersection(run)) for run in found)
    # Else taking a part in would ask for the same parts again, for ever.
    assert all(len(run) < length for run in found) or length <= window or not again


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many days each accepted chunk had."""
    found: list[int] = []
    real = daily._let_in

    def counted(door: Door, *rest: object) -> None:
        found.append(len(door.days))
        real(door, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(daily, "_let_in", counted)
    return found


def test_sparse_days_without_repeats_are_one_chunk(session: Session, landing: Path, taken: list[int]) -> None:
    for number in range(0, 300, 20):
        name = f"part-0.{('parquet', 'csv', 'jsonl')[number % 3]}"
        drop(landing, "viewing_events", [a("viewing_events", event_id=f"e{number}")], later(number), name)
    let_in(session, "viewing_events", DAY, later(299))
    assert taken == [300]
    assert [count.arrival_day for count in accounting(session, "viewing_events") if count.stage == "accepted"] == [
        DAY + timedelta(days=number) for number in range(0, 300, 20)
    ]


def test_repeats_are_told_within_the_window_alone(session: Session, landing: Path, taken: list[int]) -> None:
    for number in (0, 1, 150, 150 + WINDOW, 300, 300 + WINDOW + 1):
        event = f"e{number // 150}" if number != 1 else "e9"
        drop(landing, "viewing_events", [a("viewing_events", event_id=event)], later(number))
    let_in(session, "viewing_events", DAY, later(399))
    assert max(taken) > WINDOW
    assert sum(taken) == 400
    assert counts(session, "viewing_events")["duplicate", ""] == 1
    assert [(row["event_id"], row["arrival_day"]) for row in accepted(session, "viewing_events")] == [
        ("e0", later(0)), ("e1", later(150)), ("e2", later(300)), ("e2", later(300 + WINDOW + 1)), ("e9", later(1)),
    ]  # fmt: skip


def test_a_long_chunk_is_compared_with_the_accepted_days_on_both_sides(session: Session, landing: Path) -> None:
    for number in (0, 1, 200, 201):
        drop(landing, "viewing_events", [a("viewing_events", event_id=f"e{number // 100}")], later(number))
    let_in(session, "viewing_events", DAY)
    let_in(session, "viewing_events", later(201))
    let_in(session, "viewing_events", later(1), later(200))
    assert [row["arrival_day"] for row in accepted(session, "viewing_events")] == [DAY, later(201)]


def test_files_of_one_column_in_two_types_are_read_each_as_it_is(session: Session, landing: Path) -> None:
    drop(landing, "viewing_events", [a("viewing_events", title_id=7)], name="a.parquet")
    drop(landing, "viewing_events", [a("viewing_events", event_id="e2", title_id="x")], later(1), "a.parquet")
    narrow = drop(landing, "viewing_events", [a("viewing_events", event_id="e3")], later(2), "a.parquet")
    table = pq.read_table(narrow).set_column(2, "title_id", pa.array([0.1], pa.float32()))
    pq.write_table(table, narrow)
    let_in(session, "viewing_events", DAY, later(2))
    assert [row["title_id"] for row in accepted(session, "viewing_events")] == ["7", "x", "0.1"]
