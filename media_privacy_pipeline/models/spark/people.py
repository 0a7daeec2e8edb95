"""People of a private training in blocks: each block's whole numbers, added up by title; noise is the driver's alone.

A block is summed by the functions of models.private, and sums of whole numbers come out the same however they are cut.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...privacy.noise import Integers
from ..interactions import Floats, Interactions, Ints, Strings
from ..private.config import PrivateAlsConfig
from ..private.statistics import Statistics, statistics
from ..private.together import title_counts, watched_together
from .arrays import read_pairs
from .blocks import Blocks
from .sums import Array, Rows, by_title

PROFILES, TESTED = "profiles", "tested"
"""Columns beside the pairs: how many viewers a viewer's account has, and whether the account is held out (1) or not."""


@dataclass(frozen=True)
class OnBlocks:
    """See private.people.People: the viewers of blocks whose accounts are not held out, over `titles`."""

    blocks: Blocks
    titles: Strings

    @classmethod
    def of(cls, blocks: Blocks) -> OnBlocks:
        """Over all titles of the blocks, which have the columns PROFILES and TESTED."""
        return cls(blocks, blocks.titles)

    def over(self, titles: Strings) -> OnBlocks:
        """See People.over."""
        return OnBlocks(self.blocks, titles)

    def counts(self, config: PrivateAlsConfig) -> Integers:
        """See People.counts."""
        return self._summed(1, lambda own, profiles: title_counts(own, config, profiles)[:, None])[:, 0]

    def together(self, weights_by_title: Floats) -> Integers:
        """See People.together."""
        return self._summed(len(self.titles), lambda own, profiles: watched_together(own, weights_by_title, profiles))

    def statistics(self, item_factors: Floats, config: PrivateAlsConfig, weights_by_title: Floats) -> Statistics:
        """See People.statistics."""
        titles, width = item_factors.shape
        cells = width * (width + 1) // 2

        def block(own: Interactions, profiles: Ints) -> Integers:
            found = statistics(own, item_factors, config, weights_by_title, profiles)
            # The sum over all viewers is a row after those of titles.
            last = np.concatenate([found.gram, np.zeros(width, np.int64)])
            return np.concatenate([np.hstack([found.systems, found.rights]), last[None, :]])

        sums = self._summed(cells + width, block, more=1)
        return Statistics(sums[titles, :cells], sums[:titles, :cells], sums[:titles, cells:])

    def _summed(self, width: int, block: Callable[[Interactions, Ints], Integers], more: int = 0) -> Integers:
        """Sums by title of what `block` gives of the viewers of a block, and of `more` rows after the titles."""
        files, known, titles = self.blocks.files, self.blocks.titles, self.titles

        def partial(n: int) -> Rows:
            pairs, beside = read_pairs(files[n], known)
            kept = np.flatnonzero(beside.column(TESTED).to_numpy() == 0)
            profiles = beside.column(PROFILES).to_numpy()[kept]
            found = block(pairs.take(kept).over(titles), profiles)

            def rows(first: int, last: int) -> tuple[Array, Array]:
                places = first + np.flatnonzero(found[first:last].any(axis=1))
                return places, found[places]

            return rows

        count = len(titles) + more
        found = by_title(self.blocks.executors, self.blocks.numbers, count, width, partial, kind=np.int64)
        return np.asarray(found, np.int64)
