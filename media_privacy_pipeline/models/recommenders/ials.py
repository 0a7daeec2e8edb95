"""Implicit-feedback alternating least squares, with viewers folded in from their own histories when they are served.

The loss is that of Rendle et al. 2021, "Revisiting the Performance of iALS on Item Recommendation Benchmarks":

    sum over watched c_ui (1 - x_u·y_i)² + a0 sum over all (x_u·y_i)²
        + λ (sum_u (c_u + a0 n)^nu ‖x_u‖² + sum_i (c_i + a0 m)^nu ‖y_i‖²)

with c_u and c_i the confidence on a viewer and on a title, n titles and m viewers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from ...errors import UsageError
from ..base import NOBODY, Explanation, Scored, Storable
from ..interactions import Floats, Interactions, Ints, Strings
from ..topk import top_k
from .additive import Additive
from .config import IalsConfig
from .foldin import Folded, ItemSpace, batches, fold_in
from .history import activations, learned
from .padding import top_reasons

_TILE = 64
"""A multiple of the rows that any BLAS kernel takes at once."""


class Ials(Storable):
    """Only item factors are kept: (titles, factors) in float32."""

    config: IalsConfig

    def __init__(self, config: IalsConfig | None = None) -> None:
        self.config = config or IalsConfig()
        self.titles = np.array([], np.str_)
        self._set(np.empty((0, self.config.factors), np.float32))

    @classmethod
    def of_factors(cls, titles: Strings, factors: Floats, config: IalsConfig) -> Ials:
        """A model that was trained before."""
        model = cls(config)
        model.titles = titles
        model._set(factors)
        return model

    def fit(self, interactions: Interactions) -> Self:
        """See Recommender.fit."""
        if not interactions.pairs:
            raise UsageError("ials: there is nothing to learn from")
        factors = _train(interactions, self.config)
        self.titles = interactions.titles
        self._set(factors)
        return self

    def state(self) -> dict[str, np.typing.NDArray[Any]]:
        """See Storable.state."""
        return {"titles": self.titles, "factors": self.factors}

    @classmethod
    def of_state(cls, state: Mapping[str, np.typing.NDArray[Any]], config: Any) -> Self:
        """See Storable.of_state."""
        titles, factors = state["titles"], state["factors"]
        if factors.shape != (len(titles), config.factors):
            raise ValueError("the factors do not fit the titles and the configuration")
        model = cls(config)
        model.titles = titles
        model._set(factors)
        return model

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        return batches(self.space, histories)

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        return _Folded(self, fold_in(self.space, histories, rows, activations(histories, self.config)))

    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """By the cosine of item factors. For the pipeline's own use: these factors are personal data."""
        lengths = np.maximum(np.linalg.norm(self.space.factors, axis=1), np.finfo(np.float64).tiny)
        place = self.place(title)
        cosines = self.space.factors @ self.space.factors[place] / (lengths * lengths[place])
        cosines[place] = -np.inf
        best = top_k(cosines[None, :], k)[0]
        return [(str(self.titles[n]), float(cosines[n])) for n in best if n != NOBODY]

    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """See Recommender.explain."""
        return self.explain_row(Interactions.of_one(history), 0, title)

    def explain_row(self, histories: Interactions, row: int, title: str) -> Explanation:
        """See Recommender.explain_row."""
        place = self.place(title)
        known = histories.take(np.array([row])).over(self.titles)
        folded = fold_in(self.space, known, np.array([0]), activations(known, self.config))
        added = folded.contributions(np.array([[place]]))[0, 0]
        parts = zip(self.titles[known.columns], added[: known.pairs], strict=True)
        return Explanation(float(added.sum()), 0.0, {str(n): float(a) for n, a in parts})

    def _set(self, factors: Floats) -> None:
        self.factors = factors
        loss = (self.config.regularisation, self.config.unobserved, self.config.frequency)
        self.space = ItemSpace.of(factors, *loss)


class _Folded(Additive):
    def __init__(self, model: Ials, folded: Folded) -> None:
        self._folded = folded
        self.scores = products(folded.vectors.astype(np.float32), model.factors)
        # Without a history there is nothing to go by, and a list of zeros would pretend that there is.
        self.scores[folded.history.empty] = -np.inf

    @property
    def columns(self) -> Ints:
        return self._folded.history.columns

    def added(self, titles: Ints) -> tuple[Floats, Floats]:
        return np.zeros(titles.shape), self._folded.contributions(titles)

    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        return top_reasons(self.added(titles)[1], self.columns)


def products(vectors: Floats, factors: Floats) -> Floats:
    """Scores of viewers by titles, the same to the last bit whoever else is in the block.

    BLAS has other kernels for one row, for a few and for the rest of a block, and they round otherwise: where titles
    tie, a list would depend on its neighbours. With rows filled up to whole tiles every row meets one kernel.
    """
    rows = len(vectors)
    filled = np.zeros((-(-rows // _TILE) * _TILE, vectors.shape[1]), vectors.dtype)
    filled[:rows] = vectors
    return np.asarray(filled @ factors.T)[:rows]


def _train(interactions: Interactions, config: IalsConfig) -> Floats:
    """Item factors: shape (titles, factors), float32."""
    from scipy.sparse import csr_matrix

    from .als import factorise

    shape = (len(interactions), len(interactions.titles))
    weights = learned(interactions, config)
    return factorise(csr_matrix((weights, interactions.columns, interactions.starts), shape), config)[1]
