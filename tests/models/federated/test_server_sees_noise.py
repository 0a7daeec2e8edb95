"""What the server sees of one device is uniform whatever the device has: masks hide it, before any noise does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from federated_world import World, offered
from scipy.stats import chi2

from media_privacy_pipeline.models.federated import masks
from media_privacy_pipeline.models.federated.messages import body_of
from media_privacy_pipeline.models.federated.server import Server
from media_privacy_pipeline.models.federated.words import centred, of_bytes

WORD = World().terms.word_bytes
FALSE_ALARMS = 1e-6
"""Masks are never seeded: so often does a test here fail where nothing is wrong."""


def seen(world: World, device: int) -> np.ndarray:
    handed = offered(world, Server(world.terms))[device]
    message = world.devices[device].vector(handed, world.parts(device))
    return of_bytes(body_of(message, world.terms.digest), world.terms.size, WORD)


def surprise(words: np.ndarray) -> float:
    """The p-value of the chi-squared test that all bytes are uniform, the places in a word apart."""
    octets = words.view(np.uint8).reshape(-1, 8)[:, :WORD]
    counts = np.stack([np.bincount(octets[:, place], minlength=256) for place in range(WORD)])
    expected = len(octets) / 256
    return float(chi2.sf(((counts - expected) ** 2 / expected).sum(), WORD * 255))


def test_a_masked_vector_is_uniform_and_two_of_one_device_have_nothing_in_common() -> None:
    world = World(size=20_000)
    first = seen(world, 2)
    assert surprise(first) > FALSE_ALARMS
    # The same devices and keys in the next round, this one with nothing to hide.
    world.terms = replace(world.terms, number=2)
    world.exact[2]["long"] = np.zeros(20_000, np.int64)
    second = seen(world, 2)
    assert surprise(second) > FALSE_ALARMS
    assert surprise(first - second) > FALSE_ALARMS


def test_the_test_can_tell_what_is_not_masked() -> None:
    world = World(size=20_000)
    bare = np.concatenate([world.exact[2]["long"], world.exact[2]["short"]])
    assert surprise(bare.view(np.uint64)) < 1e-12


def test_without_its_own_mask_a_device_would_be_seen_through_by_its_neighbours() -> None:
    """All pairwise masks of a device known, as when all others are called dropped: the own mask still hides it."""
    world = World(size=2_000)
    handed = offered(world, Server(world.terms))
    device = world.devices[0]
    keys = {d.me: d.round.mask_key for d in world.devices if d.round}
    message = device.vector(handed[0], world.parts(0))
    left = of_bytes(body_of(message, world.terms.digest), world.terms.size, WORD)
    streams, mine = masks.Streams(world.terms.size), masks.public_key(keys[0])
    for v in range(1, 24):
        streams.add(left, masks.pair_stream_key(masks.loaded(keys[v]), mine, world.terms.digest), -1)
    assert surprise(left) > FALSE_ALARMS
    assert device.round is not None
    streams.add(left, masks.own_stream_key(device.round.seed, world.terms.digest), -1)
    assert centred(left, WORD)[:2_000].tolist() == world.exact[0]["long"].tolist()
