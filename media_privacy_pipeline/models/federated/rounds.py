"""One round from the invitation to the sums, over any transport: what carries messages is handed in.

`Ask` sends one message of a phase to each of some devices and gives back what came, by sender. Who refused, or went
away, is simply not among them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .server import Server, Sums
from .terms import Terms

PHASES = ("offer", "vector", "confirm", "reveal")

Outgoing = Iterable[tuple[int, bytes]]
Ask = Callable[[str, Outgoing], Iterable[tuple[int, bytes]]]


@dataclass
class Traffic:
    """Bytes that all devices sent and received in a round, by phase, and how many answered."""

    sent: dict[str, int] = field(default_factory=dict)
    received: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)

    def a_device(self, phase: str) -> tuple[float, float]:
        """Bytes that a device sent and received in a phase, in the mean over those that answered."""
        answers = max(1, self.answers.get(phase, 0))
        return self.sent.get(phase, 0) / answers, self.received.get(phase, 0) / answers


@dataclass(frozen=True)
class Outcome:
    """The sums of a round, who is in them, whom the server excluded and why, and what travelled."""

    sums: Sums
    survivors: list[int]
    excluded: Mapping[int, str]
    traffic: Traffic


def conduct(terms: Terms, public: bytes, ask: Ask) -> Outcome:
    """Run a round among all enrolled devices. `public` is the public state that they compute from.

    Raises Refused where too few devices are left, in any phase.
    """
    server, traffic = Server(terms), Traffic()

    def asked(phase: str, outgoing: Outgoing) -> Iterator[tuple[int, bytes]]:
        for device, answer in ask(phase, _counted(traffic.received, phase, outgoing)):
            traffic.sent[phase] = traffic.sent.get(phase, 0) + len(answer)
            traffic.answers[phase] = traffic.answers.get(phase, 0) + 1
            yield device, answer

    invitation = terms.invitation(public)
    server.take_offers(asked("offer", ((n, invitation) for n in range(terms.crowd.clients))))
    server.take_vectors(asked("vector", ((n, server.parcels_for(n)) for n in server.taking_part)))
    told = server.survivors_message()
    server.take_tags(asked("confirm", ((n, told) for n in server.survivors)))
    server.take_reveals(asked("reveal", ((n, server.tags_for(n)) for n in server.confirmed)))
    return Outcome(server.sums(), server.survivors, dict(server.excluded), traffic)


def _counted(received: dict[str, int], phase: str, outgoing: Outgoing) -> Iterator[tuple[int, bytes]]:
    for device, message in outgoing:
        received[phase] = received.get(phase, 0) + len(message)
        yield device, message
