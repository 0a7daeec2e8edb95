"""Blocks of viewers as what a recommender learns from: each kind by the way that it has."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import numpy as np

from ...lake import fingerprint_of
from ..blas import one_thread
from ..interactions import Interactions, Ints
from ..learnable import Learnable, Model
from ..recommenders.ease import Ease
from ..recommenders.ials import Ials
from ..recommenders.neighbours import ItemKnn, Rp3Beta
from ..recommenders.popularity import Popularity
from .arrays import joined, named
from .blocks import Blocks, reader
from .ials import fit_ials
from .itemitem import fit_ease, fit_item_knn, fit_popularity, fit_rp3beta
from .scale import check_memory


class OnSpark(Learnable):
    """See Learnable. `state` is a folder for trainings that a killed run goes on with, `memory_limit` what the driver
    may take for a kind that learns there."""

    def __init__(self, blocks: Blocks, counts: Ints, state: Path, memory_limit: str) -> None:
        self.blocks, self.titles = blocks, blocks.titles
        self._counts, self._state, self._limit = counts, state, memory_limit

    def __len__(self) -> int:
        return len(self.blocks)

    @property
    def pairs(self) -> int:
        """See Learnable.pairs."""
        return int(self.blocks.pairs.sum())

    @property
    def counts(self) -> Ints:
        """See Learnable.counts."""
        return self._counts

    def teach(self, model: Model) -> Model:
        """See Learnable.teach."""
        with one_thread(), np.errstate(over="ignore", invalid="ignore"):
            return cast(Model, self._taught(model))

    def _taught(self, model: Any) -> Any:
        if isinstance(model, Ials):
            state = self._state / fingerprint_of(model.config.model_dump_json())
            state.mkdir(parents=True, exist_ok=True)
            return fit_ials(self.blocks, model.config, state)
        fits: tuple[tuple[Any, Any], ...] = (
            (Popularity, fit_popularity),
            (Ease, fit_ease),
            (ItemKnn, fit_item_knn),
            (Rp3Beta, fit_rp3beta),
        )
        for kind, fit in fits:
            if isinstance(model, kind):
                return fit(self.blocks, model.config)
        check_memory(model.config.kind, self.pairs, self._limit)
        return model.fit(gathered(self.blocks))


def gathered(blocks: Blocks) -> Interactions:
    """All blocks in this memory, viewers named by their number."""
    read = reader(blocks)
    return named(joined([read(n) for n in blocks.numbers], blocks.titles))
