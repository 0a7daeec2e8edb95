"""A round, or many, with all devices in one process: every message is made, read and checked as it would be apart.

What is simulated: that devices are apart, the network between them, and who drops out when (`Dropping`). Nothing of the
cryptography is left out or shared.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from ...errors import Refused
from .device import Device, Parts
from .masks import new_private_key, public_key
from .server import Server, Sums
from .terms import Directory, Terms

Step = Callable[[Device], tuple[bytes, int]]
"""What a device says, and how many bytes it was told before."""

PHASES = ("offer", "vector", "confirm", "reveal")


@dataclass(frozen=True)
class Dropping:
    """Devices by the phase before which they go away for good."""

    before: dict[str, frozenset[int]] = field(default_factory=dict)

    def gone(self, phase: str) -> frozenset[int]:
        """Who is away in a phase."""
        gone = frozenset[int]()
        for each in PHASES[: PHASES.index(phase) + 1]:
            gone |= self.before.get(each, frozenset())
        return gone


@dataclass
class Traffic:
    """Bytes that all devices sent and received in a round, by phase, and how many did."""

    sent: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    devices: dict[str, int] = field(default_factory=dict)

    def count(self, phase: str, sent: bytes, received: int) -> None:
        """Add one device's."""
        self.sent[phase] = self.sent.get(phase, 0) + len(sent)
        self.received[phase] = self.received.get(phase, 0) + received
        self.devices[phase] = self.devices.get(phase, 0) + 1


@dataclass(frozen=True)
class Outcome:
    """The sums of a round, who is in them, whom the server excluded and why, and what travelled."""

    sums: Sums
    survivors: list[int]
    excluded: dict[int, str]
    traffic: Traffic


def enrol(clients: int, most_squared_mu: float) -> list[Device]:
    """Devices with keys of their own in one directory."""
    keys = [new_private_key() for _ in range(clients)]
    directory = Directory(tuple(public_key(key) for key in keys))
    return [Device(me, key, directory, most_squared_mu) for me, key in enumerate(keys)]


def run_round(
    terms: Terms, devices: Sequence[Device], parts_of: Callable[[int], Parts], dropping: Dropping | None = None
) -> Outcome:
    """Run a round among devices, each with its own part. Raises Refused where the server refuses the round; a device
    that refuses is a drop-out from there on."""
    dropping, server, traffic = dropping or Dropping(), Server(terms), Traffic()

    def ask(phase: str, whom: Collection[int], step: Step) -> Iterator[tuple[int, bytes]]:
        for place in sorted(set(whom) - dropping.gone(phase)):
            try:
                message, received = step(devices[place])
            except Refused:
                continue
            traffic.count(phase, message, received)
            yield place, message

    def vector(device: Device) -> tuple[bytes, int]:
        parcels = server.parcels_for(device.me)
        return device.vector(parcels, parts_of(device.me)), len(parcels)

    def reveal(device: Device) -> tuple[bytes, int]:
        tags = server.tags_for(device.me)
        return device.reveal(tags), len(tags)

    server.take_offers(ask("offer", range(len(devices)), lambda device: (device.offer(terms), 0)))
    server.take_vectors(ask("vector", server.taking_part, vector))
    told = server.survivors_message()
    server.take_tags(ask("confirm", server.survivors, lambda device: (device.confirm(told), len(told))))
    server.take_reveals(ask("reveal", server.confirmed, reveal))
    return Outcome(server.sums(), server.survivors, server.excluded, traffic)
