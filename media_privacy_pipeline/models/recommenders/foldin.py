"""Exact vectors of viewers from their own histories and the item factors, with the loss that these were made with.

A viewer with titles j of confidence c_j, n titles in all, solves A x = b with

    A = a0 YᵀY + λ_u I + sum_j c_j y_j y_jᵀ        b = sum_j c_j y_j        λ_u = λ (sum_j c_j + a0 n)^nu

(Rendle et al. 2021, equation 3: every cell has weight a0 and target 0, a watched one weight c_j and target 1 besides.)
Section 5 of Hu, Koren and Volinsky 2008 splits x by title: x = sum_j z_j with z_j = c_j A⁻¹ y_j, so that y_iᵀ z_j is
what title j adds to the score of title i. Taking j out of the history, at the same λ_u, moves x by the rank-one update
along A⁻¹ y_j by

    (c_j y_jᵀx - c_j) / (1 - c_j y_jᵀ A⁻¹ y_j)

whose denominator is positive. So the score of i falls exactly when j's contribution to it is positive and j's own score
is below 1, the target that scores of watched titles stay under: the top reason passes the deletion test. With nu above
0, λ_u falls by a little too, and a score that the top reason hardly carried may rise by as little.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..interactions import Floats, Interactions, Ints
from .padding import Padded, pad, padded_batches


@dataclass(frozen=True)
class ItemSpace:
    """Item factors as fold-in needs them, in double precision: `factors` (titles, f), their Gram matrix; λ, a0, nu."""

    factors: Floats
    gram: Floats
    regularisation: float
    unobserved: float
    frequency: float

    @classmethod
    def of(cls, factors: Floats, regularisation: float, unobserved: float = 1.0, frequency: float = 0.0) -> ItemSpace:
        """From item factors of any precision."""
        exact = factors.astype(np.float64)
        return cls(exact, exact.T @ exact, regularisation, unobserved, frequency)

    @property
    def width(self) -> int:
        """Length of a vector."""
        return int(self.factors.shape[1])

    def ridge(self, weights: Floats) -> Floats:
        """λ_u of viewers with confidences `weights` (viewers, length)."""
        mass = weights.sum(axis=1) + self.unobserved * len(self.factors)
        return np.asarray(self.regularisation * mass**self.frequency)


@dataclass(frozen=True)
class Folded:
    """Some viewers' systems: `systems` (viewers, f, f) are their A; `own` (viewers, length, f) their titles' factors, 0
    where `history` is padded."""

    systems: Floats
    own: Floats
    history: Padded

    @cached_property
    def vectors(self) -> Floats:
        """x of each viewer: shape (viewers, f). Zero for an empty history."""
        right = (self.history.weights[:, None, :] @ self.own).transpose(0, 2, 1)
        return np.asarray(np.linalg.solve(self.systems, right)[:, :, 0])

    def contributions(self, factors: Floats) -> Floats:
        """What each of a viewer's own titles adds to the scores of k titles with these factors (viewers, k, f).

        Shape (viewers, k, length); the last axis sums to the score. A is symmetric, so that solving for the k titles
        does for all of the history, however long it is.
        """
        turned = np.linalg.solve(self.systems, factors.transpose(0, 2, 1))
        return np.asarray(turned.transpose(0, 2, 1) @ self.own.transpose(0, 2, 1) * self.history.weights[:, None, :])


def fold_in(
    space: ItemSpace, histories: Interactions, rows: Ints, weights: Floats | None = None, ridge: Floats | None = None
) -> Folded:
    """Set up the viewers `rows` of histories over the item space's titles.

    `weights` are the confidences of all pairs of the histories where they are not those; `ridge` holds each viewer's
    λ_u to a given value.
    """
    history = pad(histories, histories.weights if weights is None else weights, rows)
    own = space.factors[history.columns] if len(space.factors) else np.zeros((*history.columns.shape, space.width))
    own[~history.inside] = 0
    lifted = (own * history.weights[:, :, None]).transpose(0, 2, 1)
    held = space.ridge(history.weights) if ridge is None else ridge
    systems = space.unobserved * space.gram + held[:, None, None] * np.eye(space.width) + lifted @ own
    return Folded(systems, own, history)


def batches(space: ItemSpace, histories: Interactions) -> Iterator[Ints]:
    """Rows by the padded length of their history, in groups that keep the padded arrays and the scores small."""
    return padded_batches(histories, max(space.width**2, len(space.factors)), space.width)
