"""Rounds with all devices in one process: every message is made, read and checked as it would be apart.

What is simulated: that devices are apart, the network between them, and who goes away when. Nothing of the cryptography
is left out, and no device sees another's memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from ...errors import Refused
from .client import Client
from .device import Device
from .masks import new_private_key, public_key
from .rounds import PHASES, Ask, Outgoing
from .sizes import Crowd
from .terms import Directory


def enrol(crowd: Crowd, most_squared_mu: float) -> list[Device]:
    """Devices with keys of their own in one directory."""
    keys = [new_private_key() for _ in range(crowd.clients)]
    directory = Directory(tuple(public_key(key) for key in keys), crowd)
    return [Device(me, key, directory, most_squared_mu) for me, key in enumerate(keys)]


def in_process(
    clients: Sequence[Client],
    leaving: Mapping[str, frozenset[int]] | None = None,
    refusals: Counter[str] | None = None,
) -> Ask:
    """Devices that answer at once, but for those that leave for good before a phase; one that refuses says nothing.

    `refusals` counts why devices refused.
    """
    leaving = leaving or {}

    def ask(phase: str, outgoing: Outgoing) -> Iterator[tuple[int, bytes]]:
        gone = frozenset().union(*(leaving.get(each, frozenset()) for each in PHASES[: PHASES.index(phase) + 1]))
        for place, message in outgoing:
            if place not in gone:
                try:
                    answer = clients[place].answer(phase, message)
                except Refused as error:
                    if refusals is not None:
                        refusals[str(error)] += 1
                    continue
                yield place, answer

    return ask
