"""Asked outside a run, the decision is the run's, event by event; and every reason has its plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from consent_histories import households
from consent_policy import STRICT, write_policy
from consent_world import World, open_session, t

from media_privacy_pipeline.consent.asking import decide, why
from media_privacy_pipeline.consent.reasons import REASONS
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import UsageError

SEED = 20


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return open_session(tmp_path, DuckDBEngine(tmp_path / "work"), write_policy(tmp_path, STRICT))


def test_all_events_are_decided_as_in_a_run_and_so_is_each_alone(session: Session, tmp_path: Path) -> None:
    world, as_of = households(SEED, 30), t(16)
    expected = world.decide(session, as_of)
    for purpose in session.policy.purposes:
        folder = tmp_path / purpose
        folder.mkdir()
        rows = pa.concat_tables(map(pq.read_table, decide(session, as_of, purpose, folder))).to_pylist()
        assert {row["event_id"]: row["reason"] for row in rows} == {
            event: reason for (event, of), reason in expected.items() if of == purpose
        }
        assert all(row["allowed"] == (row["reason"] == "") for row in rows)
    for event in sorted({event for event, _ in expected})[::7]:
        [story] = why(session, event, as_of)
        assert {answer.purpose: answer.reason for answer in story.answers} == {
            of: reason for (each, of), reason in expected.items() if each == event
        }


def test_the_words_of_a_story_are_those_of_the_viewer_and_the_purpose(session: Session) -> None:
    world = households(SEED, 90)
    expected = world.decide(session, t(16))
    event = next(event for (event, of), reason in sorted(expected.items()) if of == "training" and reason == "denied")
    [story] = why(session, event, t(16))
    training = next(answer for answer in story.answers if answer.purpose == "training")
    assert "denied" in {word["state"] for word in training.words}
    assert {word["purpose"] for word in training.words} <= {*session.policy.denied_by("training"), "*"}
    times = [word["effective_at"] for word in training.words]
    assert times == sorted(times, reverse=True)


def test_what_cannot_be_asked_is_said(session: Session, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing was taken in yet"):
        decide(session, t(10), "training", tmp_path)
    households(SEED, 3).decide(session, t(16))
    with pytest.raises(UsageError, match="knows no purpose 'mining'"):
        decide(session, t(10), "mining", tmp_path)
    with pytest.raises(UsageError, match="no accepted event has this id: it may"):
        why(session, "it's none", t(10))


def test_every_reason_that_the_sql_can_give_has_plain_words() -> None:
    folder = Path(__file__).parents[2] / "dbt_like_sql" / "intermediate"
    text = (folder / "consent_verdicts.sql").read_text() + (folder / "int_consent__decided.sql").read_text()
    given = set(re.findall(r"(?:then|else) '([a-z_]+)'", text))
    assert given == REASONS.keys() - {""}


def test_what_arrived_later_does_not_reach_back(session: Session, tmp_path: Path) -> None:
    def decided(world: World) -> list[dict[str, object]]:
        world.decide(session, t(20))
        folder = tmp_path / str(len(world.viewing_events))
        folder.mkdir()
        return pa.concat_tables(map(pq.read_table, decide(session, t(10), "training", folder))).to_pylist()

    grant = {
        "consent_event_id": "c1",
        "account_id": "a1",
        "purpose": "training",
        "state": "granted",
        "effective_at": t(0),
        "recorded_at": t(0),
    }
    event = {"event_id": "e1", "account_id": "a1", "session_id": "s1", "started_at": t(5)}
    late = {**event, "event_id": "e2", "started_at": t(4), "private_session": True, "arrival_day": t(12).date()}
    people = [{"account_id": "a1", "birth_year": 1980}]
    on_time = World(accounts=people, consent_events=[grant], viewing_events=[event])
    with_late = World(accounts=people, consent_events=[grant], viewing_events=[event, late])
    assert decided(on_time) == decided(with_late) == [{"event_id": "e1", "allowed": True, "reason": ""}]
