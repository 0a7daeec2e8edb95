"""Who sends what cannot be read has no part in the round from there on, and the round goes on without them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from federated_world import World

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.federated import messages, shamir
from media_privacy_pipeline.models.federated.server import Server

BAD = 4


def low_order(message: bytes) -> bytes:
    return message[:32] + bytes(32) + message[64:]


def torn(message: bytes) -> bytes:
    return message[:-1]


def other_round(message: bytes) -> bytes:
    return bytes(32) + message[32:]


def twice_the_same(message: bytes) -> bytes:
    """The first record once more."""
    return message[: 32 + 64 + 4 + 82] + message[32 + 64 :]


def outside_the_field(message: bytes) -> bytes:
    at = 32 + 4 + 1
    return message[:at] + b"\xff" * shamir.SHARE_BYTES + message[at + shamir.SHARE_BYTES :]


def the_other_secret(message: bytes) -> bytes:
    at = 32 + 4
    return message[:at] + messages.MASK_KEY + message[at + 1 :]


def of_a_stranger(message: bytes) -> bytes:
    return message[:32] + (9_999).to_bytes(4, "little") + message[36:]


Spoil = Callable[[bytes], bytes]


def run(world: World, spoil: dict[str, Spoil]) -> tuple[Server, list[int]]:
    """A round whose device BAD has its messages spoiled, by phase."""
    server, devices = Server(world.terms), {d.me: d for d in world.devices}

    def sent(phase: str, me: int, message: bytes) -> tuple[int, bytes]:
        return me, spoil[phase](message) if me == BAD and phase in spoil else message

    server.take_offers([sent("offer", n, d.offer(world.terms)) for n, d in devices.items()])
    there = server.taking_part
    server.take_vectors([sent("vector", n, devices[n].vector(server.parcels_for(n), world.parts(n))) for n in there])
    told, there = server.survivors_message(), server.survivors
    server.take_tags([sent("confirm", n, devices[n].confirm(told)) for n in there])
    server.take_reveals([sent("reveal", n, devices[n].reveal(server.tags_for(n))) for n in server.confirmed])
    return server, there


@pytest.mark.parametrize(
    ("phase", "spoil"),
    [
        ("offer", torn),
        ("offer", other_round),
        ("offer", low_order),
        ("offer", twice_the_same),
        ("vector", torn),
        ("vector", other_round),
        ("vector", lambda message: message + bytes(8)),
        ("confirm", torn),
        ("reveal", torn),
        ("reveal", outside_the_field),
        ("reveal", the_other_secret),
        ("reveal", of_a_stranger),
    ],
)
def test_a_malformed_message_excludes_its_sender_and_nobody_else(phase: str, spoil: Spoil) -> None:
    world = World()
    server, in_sum = run(world, {phase: spoil})
    assert list(server.excluded) == [BAD]
    assert (BAD in in_sum) == (phase in ("confirm", "reveal"))
    assert server.sums()["long"].tobytes() == world.sum_of(in_sum, "long").tobytes()


def test_a_share_that_is_wrong_but_well_formed_is_got_around() -> None:
    world = World()

    def wrong(message: bytes) -> bytes:
        return message[:-1] + bytes([message[-1] ^ 1])

    server, in_sum = run(world, {"reveal": wrong})
    assert not server.excluded
    assert server.sums()["long"].tobytes() == world.sum_of(in_sum, "long").tobytes()


def test_a_second_message_of_a_device_changes_nothing() -> None:
    world = World()
    server, device = Server(world.terms), world.devices
    offers = [(d.me, d.offer(world.terms)) for d in device]
    server.take_offers([*offers, (0, offers[1][1]), (77, offers[2][1])])
    vectors = [(d.me, d.vector(server.parcels_for(d.me), world.parts(d.me))) for d in device]
    server.take_vectors([*vectors, vectors[0]])
    told = server.survivors_message()
    server.take_tags([(d.me, d.confirm(told)) for d in device])
    server.take_reveals([(d.me, d.reveal(server.tags_for(d.me))) for d in device])
    assert server.sums()["long"].tobytes() == world.sum_of(list(range(24)), "long").tobytes()


def test_each_phase_comes_once_and_in_order() -> None:
    world = World()
    server = Server(world.terms)
    with pytest.raises(Refused, match="phase 2 after 0: each comes once"):
        server.take_vectors([])
    server.take_offers([(d.me, d.offer(world.terms)) for d in world.devices])
    with pytest.raises(Refused, match="phase 1 after 1"):
        server.take_offers([])
