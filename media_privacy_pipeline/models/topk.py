"""The best k of each row, with ties settled by column order, so that lists do not depend on block sizes.

Columns are dealt into groups. The k-th largest of a row's group maxima is a score that at least k columns reach, so
that the row's best k, and all that tie with the last of them, are among the columns that reach it: a few times k, found
by one pass for the maxima and one to compare, and only they are sorted.
"""

from __future__ import annotations

import numpy as np

from .interactions import Floats, Ints

_GROUPS = 8
"""Groups for each of the k: more of them leave fewer columns to sort, and cost more maxima."""


def top_k(scores: Floats, k: int) -> Ints:
    """Columns of the k highest scores of each row, best first, equal scores in column order.

    Shape (rows, min(k, columns)), int32; -1 where fewer scores are above minus infinity, which marks what is not to
    be ranked. NaN is not a score: rank it as minus infinity before.
    """
    rows, columns = scores.shape
    k = min(k, columns)
    best = np.full((rows, k), -1, np.int32)
    if k == 0 or rows == 0:
        return best
    reached = scores >= _reached(scores, k)[:, None]
    found = np.flatnonzero(reached)
    values = scores.reshape(-1)[found]
    found, values = found[values > -np.inf], values[values > -np.inf]
    row, column = np.divmod(found, columns)
    # Columns ascend within a row already, and lexsort is stable: equal scores stay in their order.
    order = np.lexsort((-values, row))
    row, column = row[order], column[order]
    rank = np.arange(len(row)) - np.searchsorted(row, np.arange(rows))[row]
    listed = rank < k
    best[row[listed], rank[listed]] = column[listed]
    return best


def _reached(scores: Floats, k: int) -> Floats:
    """A score of each row that at least k of its columns reach: shape (rows,)."""
    rows, columns = scores.shape
    groups = min(_GROUPS * k, columns)
    depth = columns // groups
    maxima = scores[:, : groups * depth].reshape(rows, depth, groups).max(axis=1)
    return np.asarray(np.partition(maxima, groups - k, axis=1)[:, groups - k])
