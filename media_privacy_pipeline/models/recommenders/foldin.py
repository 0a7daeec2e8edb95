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

In the eigenvectors of YᵀY, a0 YᵀY + λ_u I is a diagonal D, whatever λ_u is. With Z the rows √c_j D^(-1/2) y_j,

    A⁻¹ Yᵀ √C = D^(-1/2) Zᵀ (I + Z Zᵀ)⁻¹ = D^(-1/2) (I + ZᵀZ)⁻¹ Zᵀ

(Woodbury): the smaller of the two, as wide as the history is long or as a vector, is inverted once a viewer; vectors
and contributions are products with it. Neither has an eigenvalue below 1: the inverse is as good as a solution.
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
    """Item factors as fold-in needs them, in double precision: `factors` (titles, f), and `turned`, the same in the
    eigenvectors of their Gram matrix, which are the columns of `basis`, with its eigenvalues `spread`; λ, a0, nu."""

    factors: Floats
    turned: Floats
    basis: Floats
    spread: Floats
    regularisation: float
    unobserved: float
    frequency: float

    @classmethod
    def of(cls, factors: Floats, regularisation: float, unobserved: float = 1.0, frequency: float = 0.0) -> ItemSpace:
        """From item factors of any precision."""
        exact = factors.astype(np.float64)
        spread, basis = np.linalg.eigh(exact.T @ exact)
        return cls(exact, exact @ basis, basis, np.maximum(spread, 0), regularisation, unobserved, frequency)

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
    """Some viewers' systems: `scale` (viewers, 1, f) is their D^(-1/2), `own` (viewers, length, f) their Z, `roots`
    (viewers, length, 1) their √c_j, 0 where `history` is padded, as is Z."""

    space: ItemSpace
    scale: Floats
    own: Floats
    roots: Floats
    history: Padded

    @cached_property
    def vectors(self) -> Floats:
        """x of each viewer: shape (viewers, f). Zero for an empty history."""
        across = self.own.transpose(0, 2, 1)
        found = across @ (self._inverse @ self.roots) if self._short else self._inverse @ (across @ self.roots)
        # A product for each viewer: one for all of them would round by who else is in the batch.
        return np.asarray((self.scale * found.transpose(0, 2, 1) @ self.space.basis.T)[:, 0])

    def contributions(self, titles: Ints) -> Floats:
        """What each of a viewer's own titles adds to the scores of some titles: `titles` has the shape (viewers, k).

        Shape (viewers, k, length); the last axis sums to the score.
        """
        return self.contributions_to(self.space.turned[titles])

    def contributions_to(self, turned: Floats) -> Floats:
        """The same for any factors in the basis of the space: shape (viewers, k, f)."""
        scaled, across = turned * self.scale, self.own.transpose(0, 2, 1)
        found = scaled @ across @ self._inverse if self._short else scaled @ self._inverse @ across
        return np.asarray(found * self.roots.transpose(0, 2, 1))

    @property
    def _short(self) -> bool:
        return bool(self.own.shape[1] < self.own.shape[2])

    @cached_property
    def _inverse(self) -> Floats:
        """(I + Z Zᵀ)⁻¹ of short histories, (I + ZᵀZ)⁻¹ of long ones."""
        across = self.own.transpose(0, 2, 1)
        system = self.own @ across if self._short else across @ self.own
        return np.asarray(np.linalg.inv(system + np.eye(system.shape[1])))


def fold_in(
    space: ItemSpace, histories: Interactions, rows: Ints, weights: Floats | None = None, ridge: Floats | None = None
) -> Folded:
    """Set up the viewers `rows` of histories over the item space's titles.

    `weights` are the confidences of all pairs of the histories where they are not those; `ridge` holds each viewer's
    λ_u to a given value.
    """
    history = pad(histories, histories.weights if weights is None else weights, rows)
    held = space.ridge(history.weights) if ridge is None else ridge
    scale = 1 / np.sqrt(space.unobserved * space.spread + held[:, None])[:, None, :]
    roots = np.sqrt(history.weights)[:, :, None]
    own = space.turned[history.columns] if len(space.factors) else np.zeros((*history.columns.shape, space.width))
    own *= roots
    own *= scale
    return Folded(space, scale, own, roots, history)


def batches(space: ItemSpace, histories: Interactions) -> Iterator[Ints]:
    """Rows by the padded length of their history, in groups that keep the padded arrays and the scores small."""
    return padded_batches(histories, max(space.width**2, len(space.factors)), space.width)
