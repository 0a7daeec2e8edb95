"""Titles that were watched by the same viewers: item-kNN and RP3β."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, diags

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

        def similarity(places: Ints) -> Floats:
            return self.similarity((watched.T @ watched[:, places]).toarray(), lengths, places)

        return interactions.titles, pruned(watched.shape[1], self.config.neighbours, similarity)

    def similarity(self, together: Floats, lengths: Floats, places: Ints) -> Floats:
        """Columns `places` of the similarity, from those of the co-occurrences: both of shape (titles, places)."""
        under = lengths[:, None] * lengths[None, places] + self.config.shrink
        return np.asarray(np.divide(together, under, out=np.zeros_like(together), where=under > 0))


class Rp3Beta(ItemItem[Rp3BetaConfig]):
    """Probability of the walk title → viewer → title, each step to the power alpha, over the target's popularity^β."""

    def __init__(self, config: Rp3BetaConfig | None = None) -> None:
        super().__init__(config or Rp3BetaConfig())

    def learn(self, interactions: Interactions) -> tuple[Strings, Any]:
        """See ItemItem.learn."""
        watched = matrix_of(interactions, self.config)
        by_title = np.asarray(watched.sum(axis=0)).ravel()
        to_viewer, to_title = self.steps(watched, by_title)

        def walks(places: Ints) -> Floats:
            return self.walks((to_viewer.T @ to_title[:, places]).toarray(), by_title, places)

        return interactions.titles, pruned(watched.shape[1], self.config.neighbours, walks)

    def steps(self, watched: csr_matrix, by_title: Floats) -> tuple[csc_matrix, csc_matrix]:
        """Probabilities of the steps from titles to viewers and from viewers to titles, of viewers by titles.

        `by_title` are the sums of each title over all viewers, of whom `watched` may hold a part.
        """
        by_viewer = np.asarray(watched.sum(axis=1)).ravel()
        to_title = (diags(1 / np.maximum(by_viewer, 1e-12)) @ watched).tocsc().power(self.config.alpha)
        to_viewer = (watched @ diags(1 / np.maximum(by_title, 1e-12))).tocsc().power(self.config.alpha)
        return to_viewer, to_title

    def walks(self, reached: Floats, by_title: Floats, places: Ints) -> Floats:
        """Columns `places` of the scores, from those of all walks: both of shape (titles, places)."""
        return np.asarray(reached / (np.maximum(by_title, 1e-12) ** self.config.beta)[None, places])
