"""Case 47: a legal hold keeps raw rows past retention, for nothing; once it is lifted they go."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from retention_world import T, agreed, asked, line_of, open_session, put, run, stored, watched

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine

ACCEPTED = "accepted_viewing_events"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path, DuckDBEngine(tmp_path / "work", memory_limit="1GB"))


def test_case_47_held_rows_stay_past_retention_and_go_after_the_lift(session: Session) -> None:
    put(session, ACCEPTED, [watched("held", 800), watched("other", 800, account="b"), watched("new", 1)])
    put(session, "accepted_subject_requests", [asked("legal_hold", 20)])
    run(session)
    assert stored(session) == ["held", "new"]
    put(session, "accepted_subject_requests", [asked("legal_hold", 20), asked("lift_hold", -0.5)])
    run(session, T + timedelta(days=1))
    assert stored(session) == ["new"]


def test_a_hold_on_a_profile_is_not_on_its_household(session: Session) -> None:
    mine = [watched("main", 800), watched("kids", 800, profile_id="kids")]
    put(session, ACCEPTED, mine)
    put(session, "accepted_subject_requests", [asked("legal_hold", 20, profile="kids")])
    run(session)
    assert stored(session) == ["kids"]


def test_what_is_held_is_used_for_nothing(session: Session) -> None:
    put(session, "accepted_consent_events", [agreed("personalisation"), agreed("analytics")])
    put(session, ACCEPTED, [watched("held", 800), watched("recent", 366), watched("new", 1)])
    put(session, "accepted_subject_requests", [asked("legal_hold", 20)])
    run(session, purposes=("analytics", "personalisation"))
    assert stored(session) == ["held", "new", "recent"]
    for purpose in ("analytics", "personalisation"):
        assert len(stored(session, f"permitted_{purpose}_viewing_events", "title_id")) == 1


@pytest.mark.parametrize(("rows", "told"), [(9, None), (10, 10)])
def test_held_rows_below_the_minimum_cell_are_not_told(session: Session, rows: int, told: int | None) -> None:
    put(session, ACCEPTED, [watched(str(n), 800) for n in range(rows)])
    put(session, "accepted_subject_requests", [asked("legal_hold", 20)])
    line = line_of(run(session), ACCEPTED)
    assert (line.held_rows, line.due, line.oldest_day) == (told, 0, None)


def test_an_unverified_hold_holds_nothing(session: Session) -> None:
    put(session, ACCEPTED, [watched("old", 800)])
    put(session, "accepted_subject_requests", [asked("legal_hold", 20) | {"verified": False}])
    run(session)
    assert stored(session) == []
