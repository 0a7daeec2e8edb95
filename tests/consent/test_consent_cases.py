"""Every numbered case that a decision can show comes out as the specification says, on both engines."""

from __future__ import annotations

from pathlib import Path

import pytest
from consent_cases import CASES, Case, world_of
from consent_policy import LENIENT, STRICT, write_policy
from consent_world import open_session, t

from media_privacy_pipeline.engines import Engine

RUNS = [
    (policy, run)
    for policy in (STRICT, LENIENT)
    for run in sorted({r for c in CASES if c.policy is policy for r in c.expect})
]


@pytest.fixture(scope="module")
def decided() -> dict[str, dict[tuple[bool, int], dict[tuple[str, str], str]]]:
    """What each engine decided: all cases go through it side by side, once a run."""
    return {}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case, engine: Engine, decided: dict, tmp_path: Path) -> None:
    if engine.name not in decided:
        found = decided[engine.name] = {}
        for policy, run in RUNS:
            folder = tmp_path / f"{policy is STRICT}-{run}"
            folder.mkdir()
            session = open_session(folder, engine, write_policy(folder, policy))
            found[policy is STRICT, run] = world_of([c for c in CASES if c.policy is policy]).decide(session, t(run))
    for run, reasons in case.expect.items():
        answers = decided[engine.name][case.policy is STRICT, run]
        got = {(event, purpose): answers[case.event_id(event), purpose] for event, purpose in reasons}
        assert got == reasons, f"as of day {run}"
