"""How good ranked lists are, viewer by viewer: recall, NDCG, average precision."""

from __future__ import annotations

import numpy as np

from ..interactions import Floats, Interactions, Ints


def hits(ranked: Ints, test: Interactions) -> Floats:
    """1 where a listed title is among the viewer's test titles, else 0: the shape of `ranked` (viewers, k).

    `ranked` holds places in the titles of `test`, -1 for none; row r belongs to viewer r of `test`.
    """
    width = len(test.titles) + 1
    wanted = test.rows * width + test.columns
    listed = np.arange(len(ranked))[:, None] * width + ranked
    return (np.isin(listed, wanted) & (ranked >= 0)).astype(np.float64)


def recall(hit: Floats, relevant: Ints, k: int) -> Floats:
    """Hits among the first k over min(k, relevant titles), for each viewer."""
    return np.asarray(hit[:, :k].sum(axis=1) / np.minimum(k, relevant))


def recall_of_all(hit: Floats, relevant: Ints, k: int) -> Floats:
    """Hits among the first k over all relevant titles, for each viewer: below 1 where there are more than k."""
    return np.asarray(hit[:, :k].sum(axis=1) / relevant)


def ndcg(hit: Floats, relevant: Ints, k: int) -> Floats:
    """Discounted gain with log2(rank + 1), over that of a perfect list of min(k, relevant titles), for each viewer."""
    discount = 1 / np.log2(np.arange(2, k + 2))
    perfect = np.concatenate([[0.0], np.cumsum(discount)])[np.minimum(k, relevant)]
    return np.asarray(hit[:, :k] @ discount[: hit[:, :k].shape[1]] / perfect)


def average_precision(hit: Floats, relevant: Ints, k: int) -> Floats:
    """Precision at the rank of each hit among the first k, summed over min(k, relevant titles), for each viewer."""
    first = hit[:, :k]
    precision = np.cumsum(first, axis=1) / np.arange(1, first.shape[1] + 1)
    return np.asarray((precision * first).sum(axis=1) / np.minimum(k, relevant))


def average_precision_of_all(hit: Floats, relevant: Ints, k: int) -> Floats:
    """As `average_precision`, over all relevant titles."""
    return np.asarray(average_precision(hit, relevant, k) * np.minimum(k, relevant) / relevant)
