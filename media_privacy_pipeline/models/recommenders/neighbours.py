"""Titles that were watched by the same viewers: item-kNN and RP3β."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import diags

from ..interactions import Floats, Interactions, Ints, Strings
from .config import ItemKnnConfig, Rp3BetaConfig
from .itemitem import ItemItem, matrix_of, pruned


class ItemKnn(ItemItem[ItemKnnConfig]):
    """Similarity x_i · x_j / (‖x_i‖ ‖x_j‖ + shrink), the nearest neighbours of each title alone."""

    def __init__(self, config: ItemKnnConfig | None = None) -> None:
        super().__init__(config or ItemKnnConfig())

    def learn(self, interactions: Interactions) -> tuple[Strings, Any]:
        """See ItemItem.learn."""
        watched = matrix_of(interactions, self.config).tocsc()
        lengths = np.sqrt(np.asarray(watched.multiply(watched).sum(axis=0))[0])
        shrink = self.config.shrink

        def similarity(places: Ints) -> Floats:
            together = (watched.T @ watched[:, places]).toarray()
            under = lengths[:, None] * lengths[None, places] + shrink
            return np.asarray(np.divide(together, under, out=np.zeros_like(together), where=under > 0))

        return interactions.titles, pruned(watched.shape[1], self.config.neighbours, similarity)


class Rp3Beta(ItemItem[Rp3BetaConfig]):
    """Probability of the walk title → viewer → title, each step to the power alpha, over the target's popularity^β."""

    def __init__(self, config: Rp3BetaConfig | None = None) -> None:
        super().__init__(config or Rp3BetaConfig())

    def learn(self, interactions: Interactions) -> tuple[Strings, Any]:
        """See ItemItem.learn."""
        watched = matrix_of(interactions, self.config)
        by_viewer, by_title = (np.asarray(watched.sum(axis=axis)).ravel() for axis in (1, 0))
        to_title = (diags(1 / np.maximum(by_viewer, 1e-12)) @ watched).tocsc().power(self.config.alpha)
        to_viewer = (watched @ diags(1 / np.maximum(by_title, 1e-12))).tocsc().power(self.config.alpha)
        held_back = np.maximum(by_title, 1e-12) ** self.config.beta

        def walks(places: Ints) -> Floats:
            return np.asarray((to_viewer.T @ to_title[:, places]).toarray() / held_back[None, places])

        return interactions.titles, pruned(watched.shape[1], self.config.neighbours, walks)
