"""A device that is put away between any two phases goes on where it was, and one that is set back does not."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest
from federated_world import PUBLIC, World

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.federated.client import Client
from media_privacy_pipeline.models.federated.device import Device
from media_privacy_pipeline.models.federated.local import compute_of, state_to_bytes
from media_privacy_pipeline.models.federated.rounds import Outgoing, conduct
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.config import PrivateAlsConfig


def test_a_round_whose_devices_are_restarted_before_every_message_gives_the_same_sum() -> None:
    world = World()
    stored = {d.me: Client(d, lambda _: {}).memory() for d in world.devices}

    def ask(phase: str, outgoing: Outgoing) -> list[tuple[int, bytes]]:
        answers = []
        for me, message in outgoing:
            old = world.devices[me]
            client = Client(
                Device(me, old.private, old.directory, old.most_squared_mu), lambda _, me=me: world.parts(me)
            )
            client.remember(stored[me])
            answers.append((me, client.answer(phase, message)))
            stored[me] = client.memory()
        return answers

    outcome = conduct(world.terms, PUBLIC, ask)
    assert outcome.sums["long"].tobytes() == world.sum_of(list(range(24)), "long").tobytes()
    client = Client(world.devices[0], lambda _: world.parts(0))
    client.remember(stored[0])
    with pytest.raises(Refused, match="never taken part in twice"):
        client.answer("offer", world.terms.invitation(PUBLIC))


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"", "cannot be read"),
        (b"[]\n", "cannot be read"),
        (b'{"blocks": [["b", 1]]}\n', "cannot be read"),
        (World().terms.invitation(b"another state"), "public state that is not the one of the terms"),
    ],
    ids=["empty", "no object", "no terms", "another state"],
)
def test_an_invitation_that_is_none_is_refused(message: bytes, why: str) -> None:
    client = Client(World().devices[0], lambda _: {})
    with pytest.raises(Refused, match=why):
        client.answer("offer", message)


def test_a_public_state_that_nothing_can_be_computed_from_is_refused() -> None:
    world = World()
    history = Interactions.of_one({"t1": 1.0})
    config = PrivateAlsConfig(mu=1.0)
    for public in (b"", b"no archive", state_to_bytes("sweep", history.titles)):
        client = Client(World().devices[0], compute_of(history, config))
        terms = replace(world.terms, directory=client.device.directory.digest, public=sha256(public).digest())
        client.answer("offer", terms.invitation(public))
        with pytest.raises(Refused, match="cannot compute from"):
            client.answer("vector", b"")


def test_a_phase_that_no_round_has_is_refused() -> None:
    with pytest.raises(Refused, match="phase that no round has"):
        Client(World().devices[0], lambda _: {}).answer("secrets", b"")
