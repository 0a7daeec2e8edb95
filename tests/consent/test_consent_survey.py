"""Operators see how far consent reaches, what contradicts itself and whom to ask again, in counts of enough people."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from consent_policy import write_policy
from consent_world import World, open_session, run_steps, span_of, t

from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.consent.survey import SURVEYS
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine

P = "personalisation"
MONDAY = date(2026, 3, 9)
"""Of the week of the run, on day 10 after the first of March."""


def people(world: World, kind: str, count: int, *said: dict[str, Any], **account: Any) -> None:
    """So many adults who watched a title on day 5 and said the same."""
    for n in range(count):
        mine = {"account_id": f"{kind} {n}"}
        world.accounts.append({**mine, "birth_year": 1980, **account})
        world.viewing_events.append({**mine, "event_id": f"{kind} {n}", "started_at": t(5)})
        for k, one in enumerate(said):
            times = {"effective_at": t(one.get("day", 0)), "recorded_at": t(one.get("day", 0))}
            row = {"purpose": P, "state": "granted", **times, **{k: v for k, v in one.items() if k != "day"}}
            world.consent_events.append({**mine, "consent_event_id": f"{kind} {n} {k}", **row})


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A survey of people of each kind, with the packaged policy's least cell of ten."""
    world, folder = World(), tmp_path_factory.mktemp("survey")
    people(world, "agreed", 30, {})
    people(world, "silent", 12)
    people(world, "left", 4, {}, {"day": 6, "state": "withdrawn"})
    people(world, "disputed by profile", 11, {}, {"day": 1, "state": "denied", "profile_id": "main"})
    people(
        world, "browser", 10, {"purpose": "advertising"}, {"purpose": None, "signal": "gpc", "state": None, "day": 1}
    )
    people(world, "ends soon", 13, {"expires_at": t(20)})
    people(world, "ended", 3, {"expires_at": t(7)})
    people(world, "unproven", 15, {"purpose": "training", "signal": "agent"})
    session = open_session(folder, DuckDBEngine(folder / "work"), write_policy(folder, {}))
    world.put(session)
    run_steps(session, t(10))
    steps.account_decisions(session, span_of(session, t(10)))
    steps.survey(session, span_of(session, t(10)))
    return session


def rows(session: Session, table: str, purpose: str) -> dict[tuple[Any, ...], int]:
    found = session.engine.fetch(f"select * from {table}", {table: session.folder(table)}).to_pylist()
    return {tuple(row.values())[1:-1]: [*row.values()][-1] for row in found if row["purpose"] == purpose}


def test_coverage_counts_everybody_once(surveyed: Session) -> None:
    # 4 who left and 3 whose consent ended are few: the 11 who disagree with themselves are counted with them.
    assert rows(surveyed, "consent_coverage", P) == {
        ("allowed",): 43,
        ("unknown",): 37,
        ("other",): 18,
    }


def test_conflicts_are_counted_by_kind(surveyed: Session) -> None:
    assert rows(surveyed, "consent_conflicts", P) == {("scopes_disagree",): 11}
    assert rows(surveyed, "consent_conflicts", "advertising") == {("gpc_against_grant",): 10}
    assert rows(surveyed, "consent_conflicts", "training") == {("unproven_grant",): 15}


def test_who_is_to_be_asked_again_is_counted_by_week(surveyed: Session) -> None:
    assert rows(surveyed, "reconsent_queue", P) == {("other", MONDAY): 16}


def test_every_accepted_row_is_in_the_daily_decisions(surveyed: Session) -> None:
    table = "decisions_daily"
    found = surveyed.engine.fetch(f"select * from {table}", {table: surveyed.folder(table)}).to_pylist()
    of_day = {row["reason"]: row["rows"] for row in found if row["purpose"] == P and row["day"] == t(5).date()}
    assert sum(of_day.values()) == 98
    assert of_day["used"] == 43


def test_a_second_survey_has_nothing_to_do(surveyed: Session) -> None:
    assert steps.survey(surveyed, span_of(surveyed, t(10))).skipped


@pytest.mark.parametrize("table", [one.table for one in SURVEYS])
def test_no_count_is_of_a_few(surveyed: Session, table: str) -> None:
    found = surveyed.engine.fetch(f"select * from {table}", {table: surveyed.folder(table)}).to_pylist()
    assert found
    assert min([*row.values()][-1] for row in found) >= 10


def test_the_preview_is_the_table(surveyed: Session) -> None:
    preview = steps.survey(surveyed, span_of(surveyed, t(10) + timedelta(days=1))).previews["consent_coverage"]
    assert "| personalisation | allowed | 43 |" in preview.splitlines()
