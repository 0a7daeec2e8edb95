"""The best k of each row, with ties settled by column order, so that lists do not depend on block sizes."""

from __future__ import annotations

import numpy as np

from .interactions import Floats, Ints


def top_k(scores: Floats, k: int) -> Ints:
    """Columns of the k highest scores of each row, best first, equal scores in column order.

    Shape (rows, min(k, columns)), int32; -1 where fewer scores are above minus infinity, which marks what is not to
    be ranked. NaN is not a score: rank it as minus infinity before.
    """
    rows, columns = scores.shape
    k = min(k, columns)
    if k == 0 or rows == 0:
        return np.empty((rows, k), np.int32)
    if k == columns:
        best = np.argsort(-scores, axis=1, kind="stable")
    else:
        best = np.sort(np.argpartition(scores, columns - k, axis=1)[:, columns - k :], axis=1)
        values = np.take_along_axis(scores, best, axis=1)
        # The partition takes any of those that tie for the last place; where some were left out, sort the whole row.
        last = values.min(axis=1, keepdims=True)
        torn = np.count_nonzero(scores == last, axis=1) > np.count_nonzero(values == last, axis=1)
        best = np.take_along_axis(best, np.argsort(-values, axis=1, kind="stable"), axis=1)
        if torn.any():
            best[torn] = np.argsort(-scores[torn], axis=1, kind="stable")[:, :k]
    ranked = np.take_along_axis(scores, best, axis=1) > -np.inf
    return np.where(ranked, best, -1).astype(np.int32)
