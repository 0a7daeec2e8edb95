"""A few devices with vectors of their own, and the sum of some of these, cut to whole steps as devices cut them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from media_privacy_pipeline.models.federated.client import Client
from media_privacy_pipeline.models.federated.device import Device, Parts
from media_privacy_pipeline.models.federated.fixed import Block, encode
from media_privacy_pipeline.models.federated.rounds import Outcome, conduct
from media_privacy_pipeline.models.federated.server import Server
from media_privacy_pipeline.models.federated.simulation import enrol, in_process
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.models.federated.terms import Terms

PUBLIC = b"the public state"
CROWD = Crowd(24, 1, 19)


class World:
    """Devices, the terms of a round among them, and each device's parts."""

    def __init__(
        self, crowd: Crowd = CROWD, sigma: float = 0.0, size: int = 40, number: int = 1, word_bytes: int = 8
    ) -> None:
        self.devices = enrol(crowd.clients, math.inf)
        blocks = (Block("long", size, 2.0, sigma), Block("short", 3, 0.5, sigma / 4))
        directory = self.devices[0].directory.digest
        self.terms = Terms(directory, number, crowd, blocks, sha256(PUBLIC).digest(), word_bytes)
        random = np.random.default_rng(5)
        self.exact = [{b.name: self._bounded(random, b) for b in blocks} for _ in self.devices]

    def parts(self, device: int) -> Parts:
        return self.exact[device]

    def run(self, leaving: Mapping[str, frozenset[int]] | None = None) -> Outcome:
        """A whole round in this process."""
        clients = [Client(device, lambda _, n=n: self.parts(n)) for n, device in enumerate(self.devices)]
        return conduct(self.terms, PUBLIC, in_process(clients, leaving))

    def sum_of(self, devices: list[int], name: str) -> NDArray[np.float64]:
        """The sum of the cut parts: what a round without noise must give to the last bit."""
        place = [block.name for block in self.terms.blocks].index(name)
        block, bits = self.terms.blocks[place], self.terms.fractions[place]
        steps = sum(encode(self.exact[device][name], block, bits) for device in devices)
        return np.ldexp(np.asarray(steps, np.float64), -bits)

    @staticmethod
    def _bounded(random: np.random.Generator, block: Block) -> NDArray[np.float64]:
        part = random.normal(size=block.size)
        return np.asarray(part * block.sensitivity * random.random() / np.linalg.norm(part))


def offered(world: World, server: Server) -> dict[int, bytes]:
    """Take a round through its first phase; what each device is handed."""
    server.take_offers([(device.me, device.offer(world.terms)) for device in world.devices])
    return {device.me: server.parcels_for(device.me) for device in world.devices}


def summed(world: World, server: Server) -> list[Device]:
    """Take a round through its second phase; its devices."""
    parcels = offered(world, server)
    server.take_vectors([(d.me, d.vector(parcels[d.me], world.parts(d.me))) for d in world.devices])
    return world.devices
