"""Every numbered case that a decision can show comes out as the specification says, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from consent_cases import CASES as SAID
from consent_cases import Case, world_of
from consent_policy import POLICIES, write_policy
from consent_signal_cases import CASES as SIGNALLED
from consent_world import open_session, t

from media_privacy_pipeline.engines import Engine

CASES = [*SAID, *SIGNALLED]
RUNS = [
    (name, run)
    for name, policy in POLICIES.items()
    for run in sorted({run for case in CASES if case.policy is policy for run in case.expect})
]


@pytest.fixture(scope="module")
def decided() -> dict[str, dict[tuple[str, int], dict[tuple[str, str], str]]]:
    """What each engine decided: all cases go through it side by side, once a run."""
    return {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, engine: Engine, decided: dict, tmp_path: Path) -> None:
    if engine.name not in decided:
        found = decided[engine.name] = {}
        for name, run in RUNS:
            folder, policy = tmp_path / f"{name}-{run}", POLICIES[name]
            folder.mkdir()
            session = open_session(folder, engine, write_policy(folder, policy))
            found[name, run] = world_of([c for c in CASES if c.policy is policy]).decide(session, t(run))
    for run, reasons in case.expect.items():
        answers = decided[engine.name][next(name for name in POLICIES if POLICIES[name] is case.policy), run]
        got = {(event, purpose): answers[case.event_id(event), purpose] for event, purpose in reasons}
        assert got == reasons, f"as of day {run}"
