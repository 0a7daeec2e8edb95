"""Steps do nothing twice, forget what is too old, leave closed days alone, and stop a release that must not go out."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from consent_histories import agreeing
from consent_policy import write_policy
from consent_world import World, decisions, open_session, run_steps, t

from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.keys import pseudonym

PURPOSES = ["analytics", "personalisation", "training"]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session of its own."""
    return open_session(tmp_path, DuckDBEngine(tmp_path / "work"), write_policy(tmp_path, {}))


@pytest.fixture
def world() -> World:
    """Five adults who agreed to everything and watched on days 1 to 9."""
    return agreeing(World(), 5, PURPOSES)


def withdraw(world: World, account: int, purpose: str, day: float) -> None:
    said = {"consent_event_id": f"no {account} {purpose}", "account_id": f"agreeing {account}", "purpose": purpose}
    world.consent_events.append({**said, "state": "withdrawn", "effective_at": t(day), "recorded_at": t(day)})


def request(world: World, kind: str, account: int, day: float, **more: object) -> None:
    asked = {"request_id": f"{kind} {account} {day}", "account_id": f"agreeing {account}", "kind": kind}
    world.subject_requests.append({**asked, "received_at": t(day), **more})


def test_a_second_run_does_nothing(session: Session, world: World) -> None:
    world.put(session)
    span = run_steps(session, t(10))
    done = [steps.permit(session, span, purpose) for purpose in PURPOSES] + [steps.account_decisions(session, span)]
    assert not any(result.skipped for result in done)
    for step in (steps.update_ledger, steps.identify, steps.timeline, steps.account_decisions):
        assert step(session, span).skipped
    again = [steps.permit(session, span, purpose) for purpose in PURPOSES]
    assert all(result.skipped for result in again)
    assert [result.rows for result in again] == [result.rows for result in done[:-1]]


def test_06_a_withdrawal_reaches_back_where_days_are_decided_anew(session: Session, world: World) -> None:
    def run(as_of: float) -> tuple[int, ...]:
        last = (t(as_of) - timedelta(days=1)).date()
        span = Span.of(last, last)
        for step in (steps.update_ledger, steps.identify, steps.timeline, steps.account_decisions):
            step(session, span)
        for purpose in PURPOSES:
            steps.permit(session, span, purpose)
        return tuple(session.lake.rows(f"permitted_{purpose}_viewing_events") for purpose in PURPOSES)

    world.put(session)
    first = Span.of(t(1).date(), t(9).date())
    run_steps(session, first.as_of)
    for purpose in PURPOSES:
        steps.permit(session, first, purpose)
    steps.account_decisions(session, first)
    counted = session.lake.fingerprint("decision_accounting", [t(3).date()])
    assert session.lake.rows("permitted_analytics_viewing_events") == 45
    for purpose in PURPOSES:
        withdraw(world, 0, purpose, 9.9)
    world.put(session)
    # Analytics keeps the days that closed before: their counts are out. The others lose all that the viewer watched.
    assert run(10) == (45 - 3, 36, 36)
    assert session.lake.fingerprint("decision_accounting", [t(3).date()]) == counted


def test_days_past_the_window_are_forgotten(session: Session, world: World) -> None:
    world.put(session)
    run_steps(session, t(10))
    whole = Span.of(t(1).date(), t(9).date())
    for purpose in PURPOSES:
        steps.permit(session, whole, purpose)
    later = Span.of(t(369).date(), t(369).date())
    run_steps(session, later.as_of)
    for purpose in PURPOSES:
        steps.permit(session, later, purpose)
        assert min(session.lake.days(f"permitted_{purpose}_viewing_events")) >= t(4).date()


def test_erasure_leaves_a_tombstone_that_names_nobody(session: Session, world: World) -> None:
    request(world, "erasure", 0, 8)
    request(world, "erasure", 1, 8, profile_id="main")
    request(world, "erasure", 2, 8, verified=False)
    request(world, "erasure", 3, 12)
    world.put(session)
    run_steps(session, t(10))
    key = session.keyring.derive("suppression")
    first = {pseudonym(key, "agreeing 0"), pseudonym(key, "agreeing 1", "main")}
    stored = session.lake.path("suppressed_subjects")
    assert set(pq.read_table(stored)["subject_ref"].to_pylist()) == first
    world.subject_requests = world.subject_requests[3:]
    world.put(session)
    run_steps(session, t(13))
    assert set(pq.read_table(stored)["subject_ref"].to_pylist()) == first | {pseudonym(key, "agreeing 3")}


def test_no_id_stands_in_the_ledger(session: Session, world: World) -> None:
    request(world, "objection", 0, 3)
    world.put(session)
    run_steps(session, t(10))
    content = b"".join(file.read_bytes() for file in (session.settings.home / "ledger").iterdir())
    assert content
    assert b"agreeing" not in content


def test_who_stands_is_asked_of_the_ledger_as_it_is_now(session: Session, world: World) -> None:
    world.put(session)
    span = run_steps(session, t(10))
    steps.permit(session, span, "personalisation")
    used = set(pq.read_table(session.lake.path("permitted_personalisation_viewing_events"))["viewer_key"].to_pylist())
    assert set(steps.standing(session, t(10), "personalisation")["viewer_key"].to_pylist()) == used
    withdraw(world, 0, "personalisation", 9.99)
    world.put(session)
    steps.update_ledger(session, span)
    left = set(steps.standing(session, t(10), "personalisation")["viewer_key"].to_pylist())
    assert left < used
    assert len(left) == 4


def test_58_a_stale_consent_source_stops_the_release(session: Session, world: World) -> None:
    world.put(session)
    span = run_steps(session, t(3))
    steps.check_source(session, span)
    with pytest.raises(Refused, match=r"10 days.*max_source_age_days"):
        steps.check_source(session, Span(span.first, span.last, t(10)))


def test_a_source_that_never_spoke_stops_the_release(session: Session) -> None:
    world = World(viewing_events=[{"account_id": "a", "event_id": "e", "started_at": t(1)}])
    world.put(session)
    span = run_steps(session, t(2))
    with pytest.raises(Refused, match="nobody can have agreed"):
        steps.check_source(session, span)


def test_59_nothing_used_stops_the_release_unless_the_policy_wants_an_empty_one(
    session: Session, tmp_path: Path
) -> None:
    world = World(viewing_events=[{"account_id": "a", "event_id": "e", "started_at": t(1)}])
    world.put(session)
    span = run_steps(session, t(2))
    for purpose in session.policy.purposes:
        if session.policy.purposes[purpose].basis == "consent":
            steps.permit(session, span, purpose)
    with pytest.raises(Refused, match="empty_release_wanted"):
        steps.check_used(session)
    wanting = tmp_path / "wanting"
    wanting.mkdir()
    steps.check_used(open_session(tmp_path, session.engine, write_policy(wanting, {"empty_release_wanted": True})))


def test_a_window_is_counted_to_the_instant_whatever_the_hour_of_the_run(session: Session) -> None:
    as_of = t(10) + timedelta(hours=7, minutes=36, microseconds=5)
    edge = as_of - timedelta(days=90)
    before = edge - timedelta(microseconds=1)
    rows = [{"account_id": "a", "event_id": name, "started_at": at} for name, at in [("in", edge), ("out", before)]]
    decided = World(viewing_events=rows).decide(session, as_of)
    assert decided["in", "noticed"] == ""
    assert decided["out", "noticed"] == "outside_window"
    assert decisions(session, Span(date(2026, 1, 1), date(2026, 1, 1), as_of)) == decided
