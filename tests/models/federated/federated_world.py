"""A few devices with vectors of their own, and the sum of some of these."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import sha256

import numpy as np

from media_privacy_pipeline.models.federated.blocks import Block
from media_privacy_pipeline.models.federated.client import Client
from media_privacy_pipeline.models.federated.device import Device, Parts
from media_privacy_pipeline.models.federated.rounds import Outcome, conduct
from media_privacy_pipeline.models.federated.server import Server
from media_privacy_pipeline.models.federated.simulation import enrol, in_process
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.models.federated.terms import Terms
from media_privacy_pipeline.models.federated.words import Integers

PUBLIC = b"the public state"
CROWD = Crowd(24, 1, 19)


class World:
    """Devices, the terms of a round among them, and each device's parts."""

    def __init__(self, crowd: Crowd = CROWD, sigma: float = 0.0, size: int = 40) -> None:
        self.devices = enrol(crowd, math.inf)
        blocks = (Block("long", size, 2e6, sigma), Block("short", 6, 5e5, sigma / 4, 3, sigma / 8))
        directory = self.devices[0].directory.digest
        self.terms = Terms(directory, 1, crowd, blocks, sha256(PUBLIC).digest())
        random = np.random.default_rng(5)
        self.exact = [{b.name: self._bounded(random, b) for b in blocks} for _ in self.devices]

    def parts(self, device: int) -> Parts:
        return self.exact[device]

    def run(self, leaving: Mapping[str, frozenset[int]] | None = None) -> Outcome:
        """A whole round in this process."""
        clients = [Client(device, lambda _, n=n: self.parts(n)) for n, device in enumerate(self.devices)]
        return conduct(self.terms, PUBLIC, in_process(clients, leaving))

    def sum_of(self, devices: list[int], name: str) -> Integers:
        """What a round without noise must give, to the last bit."""
        return np.sum([self.exact[device][name] for device in devices], axis=0)

    @staticmethod
    def _bounded(random: np.random.Generator, block: Block) -> Integers:
        part = random.normal(size=block.size)
        long = np.sqrt((block.doubled() * part**2).sum())
        return np.trunc(part * block.sensitivity * random.random() / long).astype(np.int64)


def offered(world: World, server: Server) -> dict[int, bytes]:
    """Take a round through its first phase; what each device is handed."""
    server.take_offers([(device.me, device.offer(world.terms)) for device in world.devices])
    return {device.me: server.parcels_for(device.me) for device in world.devices}


def summed(world: World, server: Server) -> list[Device]:
    """Take a round through its second phase; its devices."""
    parcels = offered(world, server)
    server.take_vectors([(d.me, d.vector(parcels[d.me], world.parts(d.me))) for d in world.devices])
    return world.devices
