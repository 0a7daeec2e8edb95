"""Cases 42 and 44: what is past its window goes, by when it happened and as of the run; what is not stays."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from retention_world import T, ago, agreed, line_of, open_session, put, run, stored, watched

from media_privacy_pipeline import policy
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import UsageError

ACCEPTED = "accepted_viewing_events"
PERMITTED = "permitted_analytics_viewing_events"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path, DuckDBEngine(tmp_path / "work", memory_limit="1GB"))


def test_case_44_not_needed_since_366_days_is_destroyed_and_365_is_kept(session: Session) -> None:
    window = max(p.window_days for p in session.policy.purposes.values() if p.columns.get("viewing_events"))
    put(session, ACCEPTED, [watched("365", window + 365), watched("366", window + 366), watched("new", 1)])
    before = line_of(run(session), ACCEPTED)
    assert stored(session) == ["365", "new"]
    assert (before.window_days, before.oldest_day, before.due) == (730, ago(730).date(), 0)


def test_the_instant_decides_whatever_the_hour_of_the_run(session: Session) -> None:
    as_of = T + timedelta(hours=7, minutes=36)
    edge = watched("edge", 730) | {"started_at": as_of - timedelta(days=730)}
    put(
        session,
        ACCEPTED,
        [edge, edge | {"event_id": "past", "started_at": edge["started_at"] - timedelta(microseconds=1)}],
    )
    run(session, as_of)
    assert stored(session) == ["edge"]


def test_the_time_of_the_event_counts_and_not_its_arrival(session: Session) -> None:
    put(session, ACCEPTED, [watched("late", 731, arrived=1), watched("new", 1)])
    run(session)
    assert stored(session) == ["new"]


def test_case_42_a_final_purpose_forgets_late_arrivals_by_their_event(tmp_path: Path) -> None:
    """Analytics writes a day once; what arrived late in it leaves the window long before the day does."""
    engine = DuckDBEngine(tmp_path / "work", memory_limit="1GB")
    session = open_session(tmp_path, engine, purposes=_analytics_for(90))
    put(session, "accepted_consent_events", [agreed("analytics")])
    put(session, ACCEPTED, [watched("89", 89, arrived=1), watched("88", 88, arrived=1), watched("new", 1)])
    run(session)
    assert len(stored(session, PERMITTED, "title_id")) == 3
    # A day on, the one is 90 days old; two days on, 91, and the other 90.
    assert len(_later(session, 1)) == 3
    assert len(_later(session, 2)) == 2
    assert len(_later(session, 3)) == 1
    assert stored(session) == ["88", "89", "new"]


def _later(session: Session, days: int) -> list[object]:
    lines = run(session, T + timedelta(days=days))
    assert line_of(lines, PERMITTED).ok
    return stored(session, PERMITTED, "title_id")


def _analytics_for(days: int) -> dict[str, object]:
    analytics = policy.load().purposes["analytics"].model_dump(mode="json")
    return {"analytics": {**analytics, "window_days": days}}


def test_a_purpose_that_left_the_policy_leaves_nothing_behind(session: Session) -> None:
    put(session, "accepted_consent_events", [agreed("analytics")])
    put(session, ACCEPTED, [watched("e", 1)])
    run(session)
    session.lake.path(PERMITTED).rename(session.lake.path("permitted_astrology_viewing_events"))
    assert not session.lake.has(PERMITTED)
    lines = run(session, purposes=())
    assert not session.lake.has("permitted_astrology_viewing_events")
    assert all(line.ok for line in lines)


def test_searches_have_days_of_their_own(session: Session) -> None:
    search = {"account_id": "a", "clicked_title_id": None}
    rows = [
        search | {"event_id": str(days), "searched_at": ago(days), "arrival_day": ago(days).date()} for days in (90, 91)
    ]
    put(session, "accepted_search_events", rows)
    run(session)
    assert stored(session, "accepted_search_events") == ["90"]


def test_more_than_the_vppas_year_is_refused(tmp_path: Path) -> None:
    text = policy.PACKAGED.read_text().replace("viewing_events: 365", "viewing_events: 366")
    (tmp_path / "policy.yaml").write_text(text)
    with pytest.raises(UsageError, match=r"retention\.unneeded_days\.viewing_events.*365"):
        policy.load(tmp_path / "policy.yaml")
