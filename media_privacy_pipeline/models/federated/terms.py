"""What a round is: everything that both sides must take for the same before a device says a word."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from ...errors import Refused
from .blocks import Block
from .sizes import Crowd, Sizes, sizes_of
from .words import word_bytes_for


class Directory(NamedTuple):
    """The enrolled devices' public keys, by their place, and the crowd that they agreed to be: who is who, and how many
    may be bad, is settled before the server has a say in it.

    Made anew for each training, and the private keys are deleted after it: what was sealed stays so.
    """

    keys: tuple[bytes, ...]
    crowd: Crowd

    @property
    def digest(self) -> bytes:
        """What every device compares with what it enrolled in."""
        return sha256(json.dumps(self.crowd).encode() + b"".join(self.keys)).digest()


@dataclass(frozen=True)
class Terms:
    """One round: its training (the directory's digest), its number in it, the crowd, the blocks of a vector with their
    bounds and noise, and the digest of the public state that a device computes from."""

    directory: bytes
    number: int
    crowd: Crowd
    blocks: tuple[Block, ...]
    public: bytes

    @cached_property
    def digest(self) -> bytes:
        """The round's name: two rounds that differ in anything differ in it."""
        return sha256(self.to_json().encode()).digest()

    def to_json(self) -> str:
        """As it is told, and as its digest is taken of."""
        told = {
            "directory": self.directory.hex(),
            "number": self.number,
            "crowd": list(self.crowd),
            # A scale that is whole is told as it will be read.
            "blocks": [
                [b.name, b.size, float(b.sensitivity), float(b.sigma), b.width, float(b.beside)] for b in self.blocks
            ],
            "public": self.public.hex(),
        }
        return json.dumps(told, sort_keys=True)

    @classmethod
    def of_json(cls, text: str) -> Terms:
        """Raises ValueError for what is no terms."""
        try:
            told = json.loads(text)
            blocks = tuple(
                Block(str(n), int(k), float(d), float(s), int(w), float(b)) for n, k, d, s, w, b in told["blocks"]
            )
            crowd = Crowd(*map(int, told["crowd"]))
            directory, public = bytes.fromhex(told["directory"]), bytes.fromhex(told["public"])
            return cls(directory, int(told["number"]), crowd, blocks, public)
        except (KeyError, TypeError) as error:
            raise ValueError("not the terms of a round") from error

    def invitation(self, public: bytes) -> bytes:
        """What every device is told first: the terms, a line feed, the public state."""
        return self.to_json().encode() + b"\n" + public

    @classmethod
    def of_invitation(cls, message: bytes) -> tuple[Terms, bytes]:
        """The terms and the public state. Raises Refused where they cannot be read or do not belong together."""
        text, _, public = message.partition(b"\n")
        try:
            terms = cls.of_json(text.decode())
        except ValueError:
            raise Refused("an invitation that cannot be read: refused") from None
        if sha256(public).digest() != terms.public:
            raise Refused("a public state that is not the one of the terms: refused")
        return terms, public

    @property
    def sizes(self) -> Sizes:
        """Neighbours, threshold and quorum: derived from the crowd by either side, never told."""
        return sizes_of(self.crowd)

    @property
    def size(self) -> int:
        """Words of a vector."""
        return sum(block.size for block in self.blocks)

    @cached_property
    def word_bytes(self) -> int:
        """Bytes of a word: as few as hold the sum, derived by either side, never told."""
        return word_bytes_for(max(block.most(self.crowd.clients, self.crowd.honest) for block in self.blocks))

    @property
    def squared_mu(self) -> float:
        """What the round costs a device, in squared Gaussian differential privacy; infinite where a block is bare."""
        return math.fsum(block.mu(self.crowd.honest) ** 2 for block in self.blocks)
