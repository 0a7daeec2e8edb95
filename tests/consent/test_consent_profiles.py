"""What a household's profiles allow each: merged profiles, and what is counted for the household."""

from __future__ import annotations

from pathlib import Path

import pytest
from consent_policy import write_policy
from consent_world import World, open_session, run_steps, t

from media_privacy_pipeline.consent import steps as consent
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine

P = "personalisation"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path, DuckDBEngine(tmp_path / "work"), write_policy(tmp_path, {}))


def said(profile: str | None, state: str, day: float, purpose: str = P) -> dict[str, object]:
    row = {"account_id": "a", "profile_id": profile, "state": state, "purpose": purpose}
    return {**row, "consent_event_id": f"{profile} {state} {day}", "effective_at": t(day), "recorded_at": t(day)}


def watched(event: str, profile: str, day: float) -> dict[str, object]:
    return {"event_id": event, "account_id": "a", "profile_id": profile, "started_at": t(day)}


def test_36_of_a_merged_profile_no_consent_moves_and_events_keep_the_stricter_state(session: Session) -> None:
    """From day 6 on the household has one profile; what was watched before stays the old profile's."""
    world = World(
        accounts=[{"account_id": "a", "birth_year": 1980}],
        consent_events=[said(None, "granted", 0), said("old", "denied", 1)],
        viewing_events=[watched("before", "old", 5), watched("own", "main", 5), watched("after", "main", 7)],
    )
    decided = world.decide(session, t(10))
    assert (decided["before", P], decided["own", P], decided["after", P]) == ("denied", "", "")


def test_36_a_grant_of_the_merged_profile_is_none_of_the_other(session: Session) -> None:
    world = World(
        accounts=[{"account_id": "a", "birth_year": 1980}],
        consent_events=[said("old", "granted", 0)],
        viewing_events=[watched("before", "old", 5), watched("after", "main", 7)],
    )
    decided = world.decide(session, t(10))
    assert (decided["before", P], decided["after", P]) == ("", "unknown")


def counted(session: Session) -> list[str]:
    """Titles of the household in what the daily counts are made from."""
    table = "permitted_analytics_viewing_events"
    sql = session.project.render("title_daily_contributions")
    rows = session.engine.fetch(sql, {table: session.folder(table)}).to_pylist()
    assert len({row["account_key"] for row in rows}) <= 1
    return sorted(row["title_id"] for row in rows)


def test_39_a_household_is_counted_by_the_profiles_that_allow_it_and_anew_when_one_leaves(session: Session) -> None:
    world = World(
        accounts=[{"account_id": "a", "profile_id": name, "birth_year": 1980} for name in ("main", "b")],
        consent_events=[said(None, "granted", 0, "analytics")],
        viewing_events=[
            {**watched("one", "main", 9.1), "title_id": "one"},
            {**watched("two", "b", 9.2), "title_id": "two"},
        ],
    )
    world.put(session)
    consent.permit(session, run_steps(session, t(10)), "analytics")
    assert counted(session) == ["one", "two"]
    world.consent_events.append(said("b", "withdrawn", 9.5, "analytics"))
    world.put(session)
    consent.permit(session, run_steps(session, t(10)), "analytics")
    assert counted(session) == ["one"]
