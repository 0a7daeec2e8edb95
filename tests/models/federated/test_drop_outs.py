"""Whoever goes away in whichever phase, the sum is that of those who are in it, to the last bit; or there is none."""

from __future__ import annotations

import pytest
from federated_world import World

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.federated.rounds import PHASES


def test_masks_cancel_where_nobody_drops_out() -> None:
    world = World()
    outcome = world.run()
    everyone = list(range(24))
    assert outcome.survivors == everyone
    for name in ("long", "short"):
        assert outcome.sums[name].tobytes() == world.sum_of(everyone, name).tobytes()


@pytest.mark.parametrize("phase", PHASES)
def test_drop_outs_of_each_phase_are_recovered_from_exactly(phase: str) -> None:
    world, gone = World(), frozenset({0, 7, 23})
    outcome = world.run({phase: gone})
    in_sum = [n for n in range(24) if phase in ("confirm", "reveal") or n not in gone]
    assert outcome.survivors == in_sum
    assert outcome.sums["long"].tobytes() == world.sum_of(in_sum, "long").tobytes()


def test_drop_outs_of_all_phases_at_once_are_recovered_from_exactly() -> None:
    world = World()
    leaving = {phase: frozenset({n, n + 12}) for n, phase in enumerate(PHASES)}
    outcome = world.run(leaving)
    in_sum = sorted(set(range(24)) - leaving["offer"] - leaving["vector"])
    assert outcome.survivors == in_sum
    assert outcome.sums["short"].tobytes() == world.sum_of(in_sum, "short").tobytes()


@pytest.mark.parametrize("phase", ["offer", "vector"])
def test_below_the_least_crowd_the_round_is_refused(phase: str) -> None:
    world = World()
    with pytest.raises(Refused, match="18 devices are left, 19 must be in the sum"):
        world.run({phase: frozenset(range(6))})


def test_too_few_shares_are_refused() -> None:
    world = World()
    staying = world.terms.sizes.threshold - 1
    with pytest.raises(Refused, match="shares of a secret came"):
        world.run({"reveal": frozenset(range(24 - staying))})
