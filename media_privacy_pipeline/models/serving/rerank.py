"""Calibrated re-rank: a list that is true to a viewer's genres, has a floor of long-tail titles and a cap per creator.

Steck 2018, "Calibrated Recommendations": titles are taken one by one, each time the one that most raises

    (1 - weight) · sum of scores - weight · KL(p ‖ (1 - a) q + a p)

with p the genres of the viewer's history, q those of the list so far and a = 0.01. Scores are stretched to 0..1 over a
viewer's candidates. The cap is kept whatever it costs, so that a list may be shorter; the floor as far as the
candidates have titles of the tail.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from ..base import NOBODY
from ..interactions import Bools, Floats, Ints
from .shelf import Shelf

_SMOOTHING = 0.01


def rerank(
    listed: Ints,
    scores: Floats,
    tastes: Floats,
    shelf: Shelf,
    *,
    length: int,
    weight: float,
    tail_share: float = 0.0,
    per_creator: int | None = None,
) -> Ints:
    """Columns of `listed` (viewers, candidates; places on the shelf, -1 for none) in their new order.

    Shape (viewers, length), -1 where a list is shorter. `scores` has the shape of `listed`, `tastes` is
    (viewers, genres), 0 for viewers without any: they are ranked by score alone. Equal worth goes to the first column.
    """
    there, place = listed >= 0, np.maximum(listed, 0)
    viewers, rows = len(listed), np.arange(len(listed))
    kinds = np.where(there[:, :, None], shelf.kinds[place], 0).astype(np.float32)
    told: Bools = np.asarray(kinds.any(axis=2))
    creators = np.where(there, shelf.creators[place], NOBODY)
    tail = there & shelf.tail[place]
    gain = (1 - weight) * _stretched(scores, there)
    owed = np.minimum(ceil(tail_share * length), tail.sum(axis=1))
    left, of_maker = there.copy(), np.zeros(listed.shape, np.int64)
    sums, counted = np.zeros((viewers, kinds.shape[2]), np.float32), np.zeros(viewers, np.int64)
    chosen = np.full((viewers, length), NOBODY, np.int64)
    for taken in range(min(length, listed.shape[1])):
        fits = left if per_creator is None else left & ((creators == NOBODY) | (of_maker < per_creator))
        must = (owed >= length - taken)[:, None] & (fits & tail).any(axis=1, keepdims=True)
        fits = fits & (tail | ~must)
        worth = gain
        if weight:
            worth = np.asarray(gain - weight * _cross_entropy(tastes, sums, counted, kinds, told))
        worth = np.where(fits, worth, -np.inf)
        best = worth.argmax(axis=1)
        some = worth[rows, best] > -np.inf
        chosen[:, taken] = np.where(some, best, NOBODY)
        left[rows, best] = False
        owed = owed - (some & tail[rows, best])
        sums += np.where(some[:, None], kinds[rows, best], 0)
        counted += some & told[rows, best]
        maker = creators[rows, best]
        of_maker += (creators == maker[:, None]) & (some & (maker != NOBODY))[:, None]
    return chosen


def _cross_entropy(tastes: Floats, sums: Floats, counted: Ints, kinds: Floats, told: Bools) -> Floats:
    """-sum p log((1 - a) q + a p) with q as it would be with each candidate: KL but for what no choice changes."""
    q = (sums[:, None, :] + kinds) / np.maximum(counted[:, None] + told, 1)[:, :, None]
    p = tastes[:, None, :].astype(np.float32)
    mixed = (1 - _SMOOTHING) * q + _SMOOTHING * p
    logs = np.log(mixed, out=np.zeros_like(mixed), where=p > 0)
    return np.asarray(-(p * logs).sum(axis=2))


def _stretched(scores: Floats, there: Bools) -> Floats:
    """Scores from 0 to 1 over each viewer's candidates; 1 where all are equal."""
    low = np.where(there, scores, np.inf).min(axis=1, keepdims=True, initial=np.inf)
    high = np.where(there, scores, -np.inf).max(axis=1, keepdims=True, initial=-np.inf)
    wide = high > low
    stretched = np.divide(scores - low, high - low, out=np.ones(scores.shape), where=there & wide)
    return np.where(there, stretched, 0.0)
