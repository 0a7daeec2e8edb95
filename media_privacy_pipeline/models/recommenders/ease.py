"""EASE (Steck 2019): the linear model of titles by titles, without a diagonal, that rebuilds histories best.

It minimises ‖X - XB‖² + λ‖B‖² with a zero diagonal. With P = (XᵀX + λI)⁻¹ the solution is B_ij = -P_ij / P_jj.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotri

from ...errors import Refused
from ..interactions import Floats, Interactions, Ints, Strings
from .config import EaseConfig
from .itemitem import ItemItem, largest, matrix_of


class Ease(ItemItem[EaseConfig]):
    """Its matrix is dense, titles² float32, unless `neighbours` prunes it."""

    def __init__(self, config: EaseConfig | None = None) -> None:
        super().__init__(config or EaseConfig())

    def learn(self, interactions: Interactions) -> tuple[Strings, Any]:
        """See ItemItem.learn. Raises Refused for more titles than the configuration has memory for."""
        counts = np.bincount(interactions.columns, minlength=len(interactions.titles))
        places = self.places_of_head(counts)
        watched = matrix_of(interactions, self.config)[:, places]
        return interactions.titles[places], self.solved((watched.T @ watched).toarray())

    def places_of_head(self, counts: Ints) -> Ints:
        """Places of the titles that are learned, ascending, from the viewers of each title: the most watched, ties in
        the order of titles. Raises Refused for more than the configuration has memory for."""
        order = np.argsort(-counts, kind="stable")
        places = np.sort(order[: self.config.head])
        if len(places) > self.config.limit:
            raise Refused(
                f"ease: {len(places)} titles are more than the {self.config.limit} that it has memory for: "
                "set `head` to learn the most watched alone, or raise `limit`"
            )
        return places

    def solved(self, gram: Floats) -> Any:
        """The matrix from the co-occurrences XᵀX, which are overwritten. Raises Refused where they have no inverse."""
        gram[np.diag_indices_from(gram)] += self.config.regularisation
        factor, failed = dpotrf(gram, lower=True, overwrite_a=True)
        if not failed:
            factor, failed = dpotri(factor, lower=True, overwrite_c=True)
        if failed:
            raise Refused("ease: the co-occurrences cannot be inverted; the champion stays. Raise `regularisation`")
        inverse = np.tril(factor)
        inverse += np.tril(factor, -1).T
        matrix = inverse / -np.diag(inverse)
        np.fill_diagonal(matrix, 0)
        if self.config.neighbours is not None:
            return largest(matrix, self.config.neighbours)
        return matrix.astype(np.float32)
