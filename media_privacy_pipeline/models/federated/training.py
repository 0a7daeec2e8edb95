"""private_als from sums that devices add up: the training of `private.learning`, with a round for each paid part.

Nothing of the algorithm is written again: what `learn` makes of its parts is made by the same functions, here from a
catalogue without a single history. The noise is that of the central model where the least crowd is in the sum and
nobody in it is bad; else there is more of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from ...privacy.noise import Integers
from ..interactions import Floats, Interactions, Strings
from ..private.accounting import COUNT_STEPS, GRAM_STEPS, Scales, Symmetric, scales_of
from ..private.config import PrivateAlsConfig
from ..private.learning import PrivateFactors, first_vectors, head, next_vectors
from ..private.people import InMemory
from ..private.statistics import sensitivities
from .blocks import Block
from .local import COUNTS, SWEEP, TOGETHER, state_to_bytes
from .noise import epsilon_of_shares
from .rounds import Ask, Traffic, conduct
from .terms import Directory, Terms


@dataclass
class Training:
    """A training among enrolled devices. `bare` leaves all noise out: devices with any limit refuse it."""

    config: PrivateAlsConfig
    directory: Directory
    ask: Ask
    bare: bool = False
    rounds: list[Terms] = field(default_factory=list)
    survivors: list[int] = field(default_factory=list)
    traffic: list[Traffic] = field(default_factory=list)

    def learn(self, catalogue: Strings) -> PrivateFactors:
        """Item factors of the public catalogue (ascending). Raises Refused where a round is refused."""
        scales, config = scales_of(self.config), self.config
        counts = self._counts(catalogue, scales) / COUNT_STEPS
        chosen = head(counts, config)
        # A count that noise made small must not become a weight without end.
        known = np.maximum(counts[chosen], scales.counts / COUNT_STEPS)
        nobody = Interactions.of([], []).over(catalogue[chosen])

        def together(part: str, draw: object) -> Integers:
            return self._together(nobody.titles, known**-config.gram_exponent, scales.together)

        start, anchor = first_vectors(InMemory(nobody), known, config, scales, together)
        vectors, weights = start, known**-config.weight_exponent
        for _ in range(config.sweeps if start.shape[1] else 0):
            state = state_to_bytes(SWEEP, nobody.titles, vectors=vectors, weights=weights)
            blocks = self._sweep_blocks(len(vectors), vectors.shape[1], scales)

            def sums(part: str, draw: object, blocks: tuple[Block, ...] = blocks, state: bytes = state) -> Integers:
                return self._summed(blocks, state)

            vectors = next_vectors(InMemory(nobody), vectors, weights, config, scales, sums, SWEEP, anchor)
        return PrivateFactors(nobody.titles, vectors, counts[chosen])

    def epsilon(self, delta: float) -> float:
        """What the rounds so far cost a device's account at delta: with the shares of the least honest crowd alone."""
        honest = self.directory.crowd.honest
        blocks = [block for terms in self.rounds for block in terms.blocks]
        if not all(math.isfinite(block.mu(honest)) for block in blocks):
            return math.inf
        drawn = [(min(block.scales(honest)), block.size) for block in blocks]
        return epsilon_of_shares([block.mu(honest) for block in blocks], drawn, honest, delta)

    def _counts(self, catalogue: Strings, scales: Scales) -> Integers:
        bound = math.sqrt(self.config.counted_titles) * COUNT_STEPS
        block = Block(COUNTS, len(catalogue), bound, scales.counts)
        return self._summed((block,), state_to_bytes(COUNTS, catalogue))

    def _together(self, titles: Strings, weights: Floats, scale: Symmetric | None) -> Integers:
        noise = scale or Symmetric(0, 0)
        size = len(titles) * (len(titles) + 1) // 2
        block = Block(TOGETHER, size, float(GRAM_STEPS**2), noise.diagonal, len(titles), noise.beside)
        return self._summed((block,), state_to_bytes(TOGETHER, titles, weights=weights))

    def _sweep_blocks(self, titles: int, width: int, scales: Scales) -> tuple[Block, ...]:
        bounds, cells = sensitivities(self.config), width * (width + 1) // 2
        return (
            Block("gram", cells, bounds.gram, scales.gram.diagonal, width, scales.gram.beside),
            Block("systems", titles * cells, bounds.systems, scales.systems.diagonal, width, scales.systems.beside),
            Block("rights", titles * width, bounds.rights, scales.rights),
        )

    def _summed(self, blocks: tuple[Block, ...], public: bytes) -> Integers:
        """Run a round, whose number is one above the last; its sums, one block after another."""
        if self.bare:
            blocks = tuple(block._replace(sigma=0.0, beside=0.0) for block in blocks)
        number = len(self.rounds) + 1
        terms = Terms(self.directory.digest, number, self.directory.crowd, blocks, sha256(public).digest())
        outcome = conduct(terms, public, self.ask)
        self.rounds.append(terms)
        self.survivors.append(len(outcome.survivors))
        self.traffic.append(outcome.traffic)
        return np.concatenate([outcome.sums[block.name] for block in blocks])
