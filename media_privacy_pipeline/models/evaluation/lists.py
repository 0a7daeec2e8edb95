"""Top lists of the tested viewers, block after block: the lists are kept, the scores are not."""

from __future__ import annotations

import numpy as np

from ..base import NOBODY, Recommender
from ..blas import one_thread
from ..interactions import Interactions, Ints, Strings, positions
from ..topk import top_k

_VIEWERS = 8_192
"""Viewers whose histories are brought over to the model's titles at a time."""


def top_lists(model: Recommender, histories: Interactions, k: int, catalogue: Strings) -> Ints:
    """The k best titles of each viewer without those of the history: places in `catalogue`, -1 for none.

    As `Recommender.recommend` ranks them in single precision, without the reasons, which nothing here needs. Titles of
    the model that the catalogue lacks are not candidates. Shape (viewers, k), int32.
    """
    place = positions(catalogue, model.titles)
    shut = np.flatnonzero(place < 0)
    listed = np.full((len(histories), k), NOBODY, np.int32)
    with one_thread():
        for first in range(0, len(histories), _VIEWERS):
            block = histories.block(first, min(first + _VIEWERS, len(histories))).over(model.titles)
            for rows in model.batches(block):
                scores = model.score(block, rows).scores
                own = block.take(rows)
                scores[own.rows, own.columns] = -np.inf
                scores[:, shut] = -np.inf
                best = top_k(scores, k)
                listed[first + rows, : best.shape[1]] = np.where(best == NOBODY, NOBODY, place[best])
    return listed
