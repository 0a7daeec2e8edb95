"""What comes after what: a score of titles by titles learned from the order in which viewers watched them.

For every viewer and every pair at most `window` places apart, the earlier title i and the later j, S_ij grows by
decay^(places - 1), and S_ji by `backward` times that; titles of the same time speak half each way. The score adds

    S_ij / ((n_i + shrink) n_j^β)

for each title i of the history, the later ones with more weight: a first-order chain over the last few titles (Rendle
et al. 2010), without factors, so that rare successions are not smoothed away. Counts n are viewers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix, diags

from ..interactions import Floats, Interactions, Strings
from .config import SuccessorsConfig
from .history import learned
from .itemitem import ItemItem, matrix_of, pruned


class Successors(ItemItem[SuccessorsConfig]):
    """Without ages every title of a viewer has the same time, and what is left is co-occurrence."""

    def __init__(self, config: SuccessorsConfig | None = None) -> None:
        super().__init__(config or SuccessorsConfig())

    def learn(self, interactions: Interactions) -> tuple[Strings, Any]:
        """See ItemItem.learn."""
        config = self.config
        if interactions.ages is None:
            watched = matrix_of(interactions, config)
            follows = (watched.T @ watched).tocsr() * ((1 + config.backward) / 2)
        else:
            follows = _follows(interactions, interactions.ages, config)
        # Titles that nobody watched have no row or column: any count does.
        counts = np.maximum(np.bincount(interactions.columns, minlength=len(interactions.titles)), 1.0)
        scaled = (diags(1 / (counts + config.shrink)) @ follows @ diags(counts**-config.beta)).tocsc()
        return interactions.titles, pruned(len(counts), config.neighbours, lambda places: scaled[:, places].toarray())


def _follows(interactions: Interactions, ages: Floats, config: SuccessorsConfig) -> csr_matrix:
    """S: titles by titles, double precision."""
    order = np.lexsort((interactions.columns, -ages, interactions.rows))
    rows, titles, ages = interactions.rows[order], interactions.columns[order], ages[order]
    weights = learned(interactions, config)[order].astype(np.float64)
    shape = (len(interactions.titles),) * 2
    total = csr_matrix(shape, dtype=np.float64)
    for places in range(1, config.window + 1):
        same = rows[places:] == rows[:-places]
        if not same.any():
            break
        earlier, later = titles[:-places][same], titles[places:][same]
        worth = weights[:-places][same] * config.decay ** (places - 1)
        tied = ages[:-places][same] == ages[places:][same]
        half = (1 + config.backward) / 2
        for value, one, other in ((1.0, earlier, later), (config.backward, later, earlier)):
            total += coo_matrix((worth * np.where(tied, half, value), (one, other)), shape).tocsr()
    return total
