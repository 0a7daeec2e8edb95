"""Exact vectors of viewers from their own histories and the item factors (Hu et al. 2008, equation 4), many at a time.

A viewer with titles j of confidence c_j solves A x = b with

    A = YᵀY + λI + sum_j (c_j - 1) y_j y_jᵀ        b = sum_j c_j y_j

Section 5 of the paper splits x by title: x = sum_j z_j with z_j = c_j A⁻¹ y_j, so that y_iᵀ z_j is what title j adds to
the score of title i. Taking j out of the history moves x, by the rank-one update, along A⁻¹ y_j by

    ((c_j - 1) y_jᵀx - c_j) / (1 - (c_j - 1) y_jᵀ A⁻¹ y_j)

whose denominator is positive. So the score of i falls exactly when j's contribution to it is positive and j's own score
is below c_j / (c_j - 1), which is above 1, where scores of watched titles end: the top reason passes the deletion test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..interactions import Floats, Interactions, Ints

_CELLS = 4_000_000
"""Doubles in the largest array of a batch (32 MB)."""


@dataclass(frozen=True)
class ItemSpace:
    """Item factors as fold-in needs them, in double precision: `factors` (titles, f), their Gram matrix, λ."""

    factors: Floats
    gram: Floats
    regularisation: float

    @classmethod
    def of(cls, factors: Floats, regularisation: float) -> ItemSpace:
        """From item factors of any precision."""
        exact = factors.astype(np.float64)
        return cls(exact, exact.T @ exact, regularisation)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return int(self.factors.shape[1])


@dataclass(frozen=True)
class Folded:
    """Some viewers' systems, padded to the longest history: `systems` (viewers, f, f) are their A; `own` (viewers,
    length, f) their titles' factors and `weights` (viewers, length) the confidences, 0 where padded; `columns`
    (viewers, length) their titles, -1 where padded."""

    systems: Floats
    own: Floats
    weights: Floats
    columns: Ints

    @cached_property
    def vectors(self) -> Floats:
        """x of each viewer: shape (viewers, f). Zero for an empty history."""
        right = (self.weights[:, None, :] @ self.own).transpose(0, 2, 1)
        return np.asarray(np.linalg.solve(self.systems, right)[:, :, 0])

    def contributions(self, factors: Floats) -> Floats:
        """What each of a viewer's own titles adds to the scores of k titles with these factors (viewers, k, f).

        Shape (viewers, k, length); the last axis sums to the score. A is symmetric, so that solving for the k titles
        does for all of the history, however long it is.
        """
        turned = np.linalg.solve(self.systems, factors.transpose(0, 2, 1))
        return np.asarray(turned.transpose(0, 2, 1) @ self.own.transpose(0, 2, 1) * self.weights[:, None, :])


def fold_in(space: ItemSpace, histories: Interactions, rows: Ints) -> Folded:
    """Set up the viewers `rows` of histories over the item space's titles."""
    lengths = histories.lengths[rows]
    longest = int(padded_lengths(lengths).max(initial=0))
    place = np.arange(longest)[None, :]
    inside = place < lengths[:, None]
    at = np.where(inside, histories.starts[rows][:, None] + place, 0)
    columns = np.where(inside, histories.columns[at] if histories.pairs else 0, -1).astype(np.int32)
    weights = np.where(inside, histories.weights[at] if histories.pairs else 0.0, 0.0).astype(np.float64)
    own = space.factors[columns]
    own[~inside] = 0
    lifted = own * np.where(inside, weights - 1, 0.0)[:, :, None]
    systems = space.gram + space.regularisation * np.eye(space.width) + lifted.transpose(0, 2, 1) @ own
    return Folded(systems, own, weights, columns)


def batches(space: ItemSpace, histories: Interactions) -> Iterator[Ints]:
    """Rows by the padded length of their history, in groups that keep the padded arrays and the scores small."""
    padded = padded_lengths(histories.lengths)
    for length in np.unique(padded).tolist():
        rows = np.flatnonzero(padded == length)
        step = max(1, _CELLS // max(length * space.width, space.width**2, len(space.factors)))
        for first in range(0, len(rows), step):
            yield rows[first : first + step]


def padded_lengths(lengths: Ints) -> Ints:
    """The next power of two; 0 for an empty history.

    A viewer's padding must not depend on who else is in the batch: floating-point sums of another length differ in
    their last digit, and somebody else's leaving would change this viewer's bytes.
    """
    powers = 1 << np.ceil(np.log2(np.maximum(lengths, 1))).astype(np.int64)
    return np.where(lengths > 0, powers, 0)
