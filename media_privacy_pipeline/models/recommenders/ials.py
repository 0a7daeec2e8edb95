"""Implicit-feedback alternating least squares, with viewers folded in from their own histories when they are served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from ...errors import Refused, UsageError
from ..base import NOBODY, Explanation, Recommender, Scored
from ..blas import one_thread
from ..config import IalsConfig
from ..interactions import Floats, Interactions, Ints, Strings
from ..topk import top_k
from .foldin import Folded, ItemSpace, batches, fold_in

_TILE = 64
"""A multiple of the rows that any BLAS kernel takes at once."""


class Ials(Recommender):
    """Hu, Koren and Volinsky 2008, trained by `implicit`. Only item factors are kept: (titles, factors) in float32."""

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

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        return batches(self.space, histories)

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        return _Folded(self, fold_in(self.space, histories, rows))

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
        place = self.place(title)
        known = Interactions.of_one(history).over(self.titles)
        folded = fold_in(self.space, known, np.array([0]))
        own = folded.columns[0] >= 0
        added = folded.contributions(self.space.factors[[[place]]])[0, 0][own]
        names = self.titles[folded.columns[0][own]]
        return Explanation(float(added.sum()), 0.0, {str(n): float(a) for n, a in zip(names, added, strict=True)})

    def _set(self, factors: Floats) -> None:
        self.factors = factors
        self.space = ItemSpace.of(factors, self.config.regularisation)


class _Folded(Scored):
    def __init__(self, model: Ials, folded: Folded) -> None:
        self._space, self._folded = model.space, folded
        self.scores = _products(folded.vectors.astype(np.float32), model.factors)
        # Without a history there is nothing to go by, and a list of zeros would pretend that there is.
        self.scores[(folded.columns < 0).all(axis=1)] = -np.inf

    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        added = self._folded.contributions(self._space.factors[titles])
        exact = added.sum(axis=2)
        if not added.shape[2]:
            return exact, np.full(titles.shape, NOBODY, np.int32), np.full(titles.shape, np.nan)
        top = added.argmax(axis=2)
        most = np.take_along_axis(added, top[:, :, None], axis=2)[:, :, 0]
        positive = np.maximum(added, 0).sum(axis=2)
        reasons = np.take_along_axis(self._folded.columns, top, axis=1)
        some = most > 0
        shares = np.divide(most, positive, out=np.full(most.shape, np.nan), where=some)
        return exact, np.where(some, reasons, NOBODY).astype(np.int32), shares


def _products(vectors: Floats, factors: Floats) -> Floats:
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
    from implicit.cpu.als import AlternatingLeastSquares
    from implicit.recommender_base import ModelFitError
    from scipy.sparse import csr_matrix

    shape = (len(interactions), len(interactions.titles))
    matrix = csr_matrix((interactions.weights, interactions.columns, interactions.starts), shape=shape)
    # implicit runs its own threads over rows.
    with one_thread():
        model = AlternatingLeastSquares(
            factors=config.factors,
            regularization=config.regularisation,
            iterations=config.iterations,
            num_threads=config.threads,
            random_state=config.seed,
            use_cg=False,
        )
        try:
            model.fit(matrix, show_progress=False)
        except (ModelFitError, ValueError) as error:
            raise Refused("ials: the training diverged; the champion stays. More regularisation may help") from error
    return np.asarray(model.item_factors, np.float32)
