"""Decisions are a function of what was recorded by the as-of time; they only ever shrink when somebody says no."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from consent_histories import PURPOSES, agreeing, consent, households
from consent_policy import POLICIES as EVERY
from consent_policy import STRICT, write_policy
from consent_world import World, open_session, run_steps, t
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine

RUN = t(10)
SEEDS = st.integers(0, 2**32)
POLICIES = st.sampled_from(list(EVERY.values()))
# A smaller seed is no simpler: do not shrink.
some = settings(max_examples=3, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def decide(world: World, policy: dict[str, Any]) -> dict[tuple[str, str], str]:
    with TemporaryDirectory() as folder:
        return world.decide(session_in(Path(folder), policy), RUN)


def session_in(folder: Path, policy: dict[str, Any]) -> Session:
    return open_session(folder, DuckDBEngine(folder / "work"), write_policy(folder, policy))


@given(SEEDS, POLICIES)
@some
def test_what_is_recorded_after_the_as_of_time_changes_nothing(seed: int, policy: dict[str, Any]) -> None:
    world = households(seed, 40)
    later = deepcopy(world)
    random = Random(seed)
    for n in range(40):
        row = consent(random, f"account {n}", f"later {n}", random.choice([None, "main"]))
        later.consent_events.append({**row, "recorded_at": RUN + timedelta(microseconds=1 + n)})
    assert decide(later, policy) == decide(world, policy)


@given(SEEDS, POLICIES)
@some
def test_the_order_of_delivery_changes_nothing(seed: int, policy: dict[str, Any]) -> None:
    world = households(seed, 40)
    random = Random(seed)
    late = deepcopy(world)
    for rows in (late.consent_events, late.subject_requests):
        random.shuffle(rows)
    # Half of it first, in a run of its own, and then all of it, the other way round.
    with TemporaryDirectory() as folder:
        session = session_in(Path(folder), policy)
        half = deepcopy(late)
        half.consent_events = half.consent_events[::2]
        half.subject_requests = half.subject_requests[::2]
        half.decide(session, RUN)
        decided = late.decide(session, RUN)
    assert decided == decide(world, policy)


@given(SEEDS, POLICIES)
@some
def test_saying_no_never_adds_an_allowed_row(seed: int, policy: dict[str, Any]) -> None:
    world = households(seed, 60)
    before = {key for key, reason in decide(world, policy).items() if not reason}
    random = Random(seed)
    for n in range(60):
        said = consent(random, f"account {n}", f"no {n}", random.choice([None, "main", "kid"]))
        no = random.choice(["denied", "withdrawn", "objected"])
        world.consent_events.append({**said, "state": no, "purpose": random.choice(PURPOSES), "signal": "ui"})
    after = {key for key, reason in decide(world, policy).items() if not reason}
    assert before
    assert after < before


def test_the_same_as_of_time_gives_the_same_bytes_when_late_rows_have_arrived(tmp_path: Path) -> None:
    def content(folder: Path, world: World) -> dict[str, str]:
        folder.mkdir()
        session = open_session(folder, DuckDBEngine(folder / "work", threads=1), write_policy(folder, STRICT))
        world.put(session)
        span = run_steps(session, RUN)
        steps.permit(session, span, "personalisation")
        steps.account_decisions(session, span)
        return {
            str(file.relative_to(session.lake.root)): sha256(file.read_bytes()).hexdigest()
            for table in ("consent_timeline", "consent_verdicts", "decision_accounting")
            for file in session.lake.files(table)
        }

    world = agreeing(households(3, 40), 5, ["personalisation"])
    later = deepcopy(world)
    random = Random(3)
    for n in range(40):
        row = consent(random, f"account {n}", f"later {n}", None)
        later.consent_events.append({**row, "recorded_at": t(11)})
    assert content(tmp_path / "first", world) == content(tmp_path / "again", later)
