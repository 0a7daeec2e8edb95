"""A device with a history: answers each phase's message, and can be put away between any two of them.

What it computes of its history is given as a function of the public state that came with the invitation. `memory` is
everything that the device must remember, as bytes for its own storage: the number of the last round and what was spent
are in it before a round's first word is out, so that whoever restarts a device does not make it answer again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from zipfile import BadZipFile

from ...errors import Refused, UsageError
from . import masks
from .device import Device, Parts, Round
from .terms import Terms

Compute = Callable[[bytes], Parts]
"""From the public state of a round to a device's own part of each block."""


class Client:
    """One viewer's device and what it computes."""

    def __init__(self, device: Device, compute: Compute) -> None:
        self.device, self.compute = device, compute
        self._public = b""

    def answer(self, phase: str, message: bytes) -> bytes:
        """The answer to a phase's message. Raises Refused where the device does not go along."""
        if phase == "offer":
            terms, self._public = Terms.of_invitation(message)
            return self.device.offer(terms)
        if phase == "vector":
            # Computed even where the message will be refused: how long an answer takes says nothing of the history.
            parts, self._public = self._parts(), b""
            return self.device.vector(message, parts)
        if phase == "confirm":
            return self.device.confirm(message)
        if phase == "reveal":
            return self.device.reveal(message)
        raise Refused("a phase that no round has: refused")

    def _parts(self) -> Parts:
        try:
            return self.compute(self._public)
        except (UsageError, ValueError, KeyError, EOFError, OSError, BadZipFile):
            raise Refused("a public state that this device cannot compute from: refused") from None

    def memory(self) -> bytes:
        """What must be kept, secrets included: for the device's own storage alone."""
        device = self.device
        kept = {"spent": device.spent.hex(), "last": device.last, "public": self._public.hex(), "round": None}
        if (now := device.round) is not None:
            kept["round"] = {
                "terms": now.terms.to_json(),
                "mask_key": now.mask_key.hex(),
                "seed": now.seed.hex(),
                "pairs": [[v, *(key.hex() for key in pair)] for v, pair in now.pairs.items()],
                "done": now.done,
                "held": [[v, plain.hex()] for v, plain in now.held.items()],
                "survivors": sorted(now.survivors),
                "told": now.told.hex(),
            }
        return json.dumps(kept).encode()

    def remember(self, memory: bytes) -> None:
        """Take up what was kept."""
        kept = json.loads(memory)
        self.device.spent, self.device.last = float.fromhex(kept["spent"]), kept["last"]
        self._public, self.device.round = bytes.fromhex(kept["public"]), None
        if (was := kept["round"]) is not None:
            self.device.round = Round(
                Terms.of_json(was["terms"]),
                bytes.fromhex(was["mask_key"]),
                bytes.fromhex(was["seed"]),
                {v: masks.PairKeys(*map(bytes.fromhex, keys)) for v, *keys in was["pairs"]},
                was["done"],
                {v: bytes.fromhex(plain) for v, plain in was["held"]},
                frozenset(was["survivors"]),
                bytes.fromhex(was["told"]),
            )
