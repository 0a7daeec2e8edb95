"""A device gives away one secret of each neighbour at most, once, and only for a sum that many others agree on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from federated_world import CROWD, World, offered, summed

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.federated import messages
from media_privacy_pipeline.models.federated.device import Device
from media_privacy_pipeline.models.federated.messages import MASK_KEY, OWN_SEED
from media_privacy_pipeline.models.federated.server import Server
from media_privacy_pipeline.models.federated.sizes import sizes_of


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def server(world: World) -> Server:
    return Server(world.terms)


def list_of(world: World, devices: set[int]) -> bytes:
    return messages.enveloped(world.terms.digest, messages.to_bits(devices, CROWD.clients))


def confirmed(world: World, told: dict[int, bytes]) -> dict[int, dict[int, bytes]]:
    """Each device's tags by receiver, for the list that it was told."""
    tags = {d.me: d.confirm(told[d.me]) for d in world.devices}
    return {me: messages.of_records(messages.body_of(m, world.terms.digest), 16) for me, m in tags.items()}


def tags_for(world: World, device: Device, tags: dict[int, dict[int, bytes]]) -> bytes:
    mine = {v: sent[device.me] for v, sent in tags.items() if device.me in sent}
    return messages.enveloped(world.terms.digest, messages.to_records(mine))


def test_a_round_is_never_taken_part_in_twice(world: World) -> None:
    device = world.devices[0]
    device.offer(world.terms)
    with pytest.raises(Refused, match="round 1 comes after round 1: a round is never taken part in twice"):
        device.offer(world.terms)
    with pytest.raises(Refused, match="comes after round 1"):
        device.offer(replace(world.terms, number=0))


def test_no_more_privacy_is_spent_than_was_agreed_to_whatever_the_server_asks() -> None:
    world = World(sigma=2e6)
    device = world.devices[0]
    device.most_squared_mu = 2.5 * world.terms.squared_mu
    for number in (1, 2):
        device.offer(replace(world.terms, number=number))
    with pytest.raises(Refused, match="more privacy than this device has agreed to"):
        device.offer(replace(world.terms, number=3))


def test_a_round_without_noise_is_refused_by_whoever_has_any_limit(world: World) -> None:
    device = world.devices[0]
    device.most_squared_mu = 1e300
    with pytest.raises(Refused, match="more privacy"):
        device.offer(world.terms)


def test_other_devices_than_those_enrolled_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="other devices than those enrolled"):
        world.devices[0].offer(replace(world.terms, directory=bytes(32)))


def test_a_crowd_that_was_not_agreed_to_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="of another crowd"):
        world.devices[0].offer(replace(world.terms, crowd=CROWD._replace(corrupt=0)))


@pytest.mark.parametrize("lower", [{"sensitivity": 1.0}, {"size": 39}, {"name": "other"}])
def test_terms_that_do_not_bound_what_a_device_sends_are_refused(world: World, lower: dict[str, object]) -> None:
    """A lower bound than the statistics have would buy them less noise than they need."""
    blocks = (world.terms.blocks[0]._replace(**lower), world.terms.blocks[1])
    world.terms = replace(world.terms, blocks=blocks)
    handed = offered(world, Server(world.terms))
    with pytest.raises(Refused, match="do not bound what this device computes"):
        world.devices[3].vector(handed[3], world.parts(3))


def test_a_parcel_that_was_changed_on_its_way_ends_the_round_for_the_device(world: World, server: Server) -> None:
    device = world.devices[3]
    handed = bytearray(offered(world, server)[3])
    handed[-1] ^= 1
    with pytest.raises(Refused, match="changed on its way"):
        device.vector(bytes(handed), world.parts(3))
    with pytest.raises(Refused, match="in no round"):
        device.confirm(list_of(world, set(range(24))))


def test_a_mask_key_put_in_by_the_server_is_found_out(world: World, server: Server) -> None:
    handed = bytearray(offered(world, server)[3])
    at = messages.DIGEST_BYTES + 4
    handed[at : at + 32] = b"\x09" + bytes(31)
    with pytest.raises(Refused, match="changed on its way"):
        world.devices[3].vector(bytes(handed), world.parts(3))


def test_too_few_neighbours_are_refused(world: World, server: Server) -> None:
    body = messages.body_of(offered(world, server)[3], world.terms.digest)
    parcels = messages.of_records(body, messages.PARCEL_BYTES)
    few = dict(list(parcels.items())[: world.terms.sizes.quorum - 1])
    with pytest.raises(Refused, match="too few of one's neighbours"):
        world.devices[3].vector(messages.enveloped(world.terms.digest, messages.to_records(few)), world.parts(3))


@pytest.mark.parametrize("survivors", [set(range(18)), set(range(1, 24)), {*range(19), 30}])
def test_a_sum_over_too_few_or_without_oneself_is_refused(world: World, server: Server, survivors: set[int]) -> None:
    summed(world, server)
    message = list_of(world, survivors & set(range(24)))
    if 30 in survivors:
        message = message[:-1]
    with pytest.raises(Refused, match=r"too few devices|another length"):
        world.devices[0].confirm(message)


def test_both_secrets_of_a_device_are_never_given(world: World, server: Server) -> None:
    """The server tells half of the devices that device 5 is in the sum and half that it dropped out."""
    summed(world, server)
    everyone, without = list_of(world, set(range(24))), list_of(world, set(range(24)) - {5})
    told = {n: everyone if n % 2 or n == 5 else without for n in range(24)}
    tags = confirmed(world, told)
    for device in world.devices:
        with pytest.raises(Refused, match="too few neighbours were told the same survivors"):
            device.reveal(tags_for(world, device, tags))


def test_a_device_answers_one_list_alone(world: World, server: Server) -> None:
    summed(world, server)
    everyone = list_of(world, set(range(24)))
    device = world.devices[0]
    tags = confirmed(world, dict.fromkeys(range(24), everyone))
    with pytest.raises(Refused, match="another phase"):
        device.confirm(list_of(world, set(range(24)) - {5}))
    device = world.devices[1]
    body = messages.body_of(device.reveal(tags_for(world, device, tags)), world.terms.digest)
    kinds = {v: share[:1] for v, share in messages.of_records(body, messages.REVEALED_BYTES).items()}
    assert kinds == {v: OWN_SEED for v in range(24) if v != 1}
    with pytest.raises(Refused, match="in no round"):
        device.reveal(tags_for(world, device, tags))


def test_who_dropped_out_has_the_mask_key_revealed_and_nothing_else(world: World, server: Server) -> None:
    summed(world, server)
    without = list_of(world, set(range(24)) - {5})
    world.devices.pop(5)
    tags = confirmed(world, dict.fromkeys(range(24), without))
    body = messages.body_of(world.devices[0].reveal(tags_for(world, world.devices[0], tags)), world.terms.digest)
    kinds = {v: share[:1] for v, share in messages.of_records(body, messages.REVEALED_BYTES).items()}
    assert [v for v, kind in kinds.items() if kind == MASK_KEY] == [5]


def test_confirmations_made_up_by_the_server_count_for_nothing(world: World, server: Server) -> None:
    summed(world, server)
    device = world.devices[0]
    device.confirm(list_of(world, set(range(24))))
    made_up = messages.enveloped(world.terms.digest, messages.to_records({v: bytes(16) for v in range(1, 24)}))
    with pytest.raises(Refused, match="too few neighbours"):
        device.reveal(made_up)


def test_bad_neighbours_with_both_lists_do_not_reach_the_threshold_twice() -> None:
    """2 · threshold > degree + corrupt: honest holders give one secret of a device, bad ones both."""
    sizes = sizes_of(CROWD)
    assert 2 * sizes.threshold > sizes.degree + sizes.corrupt
    # And two lists cannot both have a quorum.
    assert 2 * (sizes.quorum + 1) > CROWD.clients + CROWD.corrupt
