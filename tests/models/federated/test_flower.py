"""Flower carries the same messages between the same functions, and gives the same item factors."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from federated_world import CROWD, PUBLIC, World

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.federated.flower import answered
from media_privacy_pipeline.models.federated.rounds import Outgoing, conduct
from media_privacy_pipeline.models.federated.terms import Directory, Terms

FLOWER = os.environ.get("MEDIA_PRIVACY_FLOWER_PYTHON")
"""Read here: what the environment has is hidden from tests."""


@pytest.mark.skipif(
    FLOWER is None,
    reason="needs MEDIA_PRIVACY_FLOWER_PYTHON: Flower's pins and the pipeline's do not go together, so that it has an "
    "environment of its own (python -m benchmarks.flower --install DIR)",
)
def test_a_training_under_flower_ends_with_the_same_factors(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(FLOWER), "-m", "benchmarks.flower", "--devices", "16"],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": ".", "FLWR_HOME": str(tmp_path)},
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["same"]
    assert told["survivors"] == [16, 16]
    assert told["largest_factor"] > 0.01


class Nodes:
    """Nodes' contexts, without Flower: each message finds its device's memory where the last one left it."""

    def __init__(self, world: World) -> None:
        self.world, self.memories = world, [dict[str, object]() for _ in world.devices]

    def say(self, place: int, phase: str, body: bytes) -> bytes:
        return answered(phase, body, self.memories[place], lambda n: lambda _: self.world.parts(n), float("inf"))


def test_a_round_among_nodes_that_remember_between_messages_is_exact() -> None:
    world = World()
    nodes = Nodes(world)
    keys = [nodes.say(n, "enrol", b"").hex() for n in range(24)]
    for n in range(24):
        nodes.say(n, "directory", json.dumps({"place": n, "keys": keys, "crowd": CROWD}).encode())
    directory = Directory(tuple(map(bytes.fromhex, keys)), CROWD)
    terms = Terms(directory.digest, 1, world.terms.crowd, world.terms.blocks, world.terms.public)

    def ask(phase: str, outgoing: Outgoing) -> list[tuple[int, bytes]]:
        return [(n, nodes.say(n, phase, body)) for n, body in outgoing]

    outcome = conduct(terms, PUBLIC, ask)
    assert outcome.sums["long"].tolist() == world.sum_of(list(range(24)), "long").tolist()
    with pytest.raises(Refused, match="never taken part in twice"):
        nodes.say(3, "offer", terms.invitation(PUBLIC))


def test_a_directory_without_ones_own_key_is_refused() -> None:
    nodes = Nodes(World())
    keys = [nodes.say(n, "enrol", b"").hex() for n in range(2)]
    with pytest.raises(Refused, match="does not have this device"):
        nodes.say(0, "directory", json.dumps({"place": 1, "keys": keys, "crowd": CROWD}).encode())
