"""What is unchanged is not read again; what is missing is said."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from landing_toy import DAY, a, accepted, counts, drop, later, let_in

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.landing import daily, steps
from media_privacy_pipeline.landing.batching import batches


def test_unchanged_days_are_skipped_and_changed_ones_read(
    session: Session, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(4):
        drop(landing, "search_events", [a("search_events", event_id=str(day))], later(day))
    assert not let_in(session, "search_events", DAY, later(2)).skipped
    assert let_in(session, "search_events", DAY, later(2)).skipped
    drop(landing, "search_events", [a("search_events", event_id="late")], later(1), name="late.csv")
    read: list[list[object]] = []
    real = daily.let_in
    monkeypatch.setattr(daily, "let_in", lambda *given: (read.append(given[2]), real(*given))[1])
    let_in(session, "search_events", DAY, later(3))
    assert read == [[later(1), later(2), later(3)]]
    assert len(accepted(session, "search_events")) == 5


def test_a_day_that_went_from_the_landing_zone_keeps_what_was_let_in(session: Session, landing: Path) -> None:
    for day in range(2):
        drop(landing, "search_events", [a("search_events")], later(day))
    let_in(session, "search_events", DAY)
    shutil.rmtree(landing / "search_events" / f"day={DAY}")
    let_in(session, "search_events", DAY, later(1))
    assert counts(session, "search_events") == {("landed", ""): 2, ("accepted", ""): 1, ("duplicate", ""): 1}


def test_an_emptied_day_is_empty(session: Session, landing: Path) -> None:
    path = drop(landing, "search_events", [a("search_events")])
    let_in(session, "search_events")
    path.unlink()
    let_in(session, "search_events")
    assert accepted(session, "search_events") == []


def test_another_rule_of_the_door_reads_again(session: Session, landing: Path) -> None:
    drop(landing, "search_events", [a("search_events")])
    let_in(session, "search_events")
    policy = session.policy
    other = policy.model_copy(update={"consent": policy.consent.model_copy(update={"closing_lag_days": 9})})
    vars(session)["policy"] = other
    assert let_in(session, "search_events").skipped
    door = policy.landing.model_copy(update={"max_skew_seconds": 1})
    vars(session)["policy"] = policy.model_copy(update={"landing": door})
    assert not let_in(session, "search_events").skipped


def test_a_missing_landing_zone_is_named(session: Session, landing: Path) -> None:
    landing.rmdir()
    with pytest.raises(UsageError, match=f"{landing}: there is no landing zone here") as caught:
        let_in(session, "search_events")
    assert caught.value.exit_code == 2


def test_an_unknown_input_is_named(session: Session) -> None:
    with pytest.raises(UsageError, match="no input 'moods'"):
        steps.accept(session, Span.of(DAY, DAY), "moods")


@pytest.mark.parametrize("source", ["search_events", "titles"])
def test_a_missing_input_is_no_rows_and_said_so(session: Session, source: str) -> None:
    result = let_in(session, source)
    assert result.rows == {f"accepted_{source}": 0}
    assert result.metadata["folder_missing"] == 1
    assert session.lake.has(f"accepted_{source}")


def test_what_is_no_day_is_counted_and_left_alone(session: Session, landing: Path) -> None:
    drop(landing, "search_events", [a("search_events")])
    for name in ("day=2026-02-30", "day=20260301", "hour=3", "notes", ".hidden"):
        (landing / "search_events" / name).mkdir()
    (landing / "search_events" / "day=2026-03-02").write_text("")
    (landing / "search_events" / f"day={DAY}" / "_SUCCESS").write_text("")
    result = let_in(session, "search_events")
    assert result.metadata["not_a_day"] == 5
    assert result.rows == {"accepted_search_events": 1}


def test_the_landing_zone_is_not_written_to(session: Session, landing: Path) -> None:
    drop(landing, "search_events", [a("search_events")])
    before = {path: path.stat().st_mtime_ns for path in landing.rglob("*")}
    let_in(session, "search_events")
    assert {path: path.stat().st_mtime_ns for path in landing.rglob("*")} == before


def test_a_failure_leaves_everything_as_it_was(
    session: Session, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(landing, "search_events", [a("search_events")])
    let_in(session, "search_events")
    drop(landing, "search_events", [a("search_events"), a("search_events", event_id="s2")])

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("media_privacy_pipeline.landing.daily.keep_refused", fail)
        with pytest.raises(OSError, match="No space"):
            let_in(session, "search_events")
    assert len(accepted(session, "search_events")) == 1
    assert counts(session, "search_events") == {("landed", ""): 1, ("accepted", ""): 1}
    let_in(session, "search_events")
    assert len(accepted(session, "search_events")) == 2


def test_batches_hold_few_rows_or_one_day() -> None:
    days = [later(day) for day in range(5)]
    rows = {days[0]: 5, days[1]: 5, days[2]: 50, days[4]: 1}
    assert batches(days, rows, 10) == [days[:2], [days[2]], days[3:]]
