"""Recommenders whose scores are sums over the viewer's own titles of one matrix of titles by titles.

`matrix[j, i]` is what title j adds to the score of title i when it weighs 1: contributions are the terms of the sum, so
that explanations are exact. The diagonal is zero: no title speaks for itself.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Generic, Self, TypeVar

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix, hstack, issparse

from ...errors import Refused, UsageError
from ..base import NOBODY, Explanation, Scored, Storable
from ..blas import one_thread
from ..interactions import Floats, Interactions, Ints, Strings
from ..topk import top_k
from .additive import Additive
from .config import HistoryConfig
from .history import activations, learned
from .padding import Padded, pad, padded_batches, top_reasons

Config = TypeVar("Config", bound=HistoryConfig)
_DENSE = 32_000_000
"""Entries up to which a sparse matrix is spread out to look entries up (128 MB)."""
_BLOCK = 16_000_000
"""Entries of a matrix that are in memory at a time while it is pruned (128 MB)."""
_REASONS = 32
"""Titles a list for which contributions are sure to be kept small."""


class ItemItem(Storable, Generic[Config]):
    """Subclasses say how the matrix is learned."""

    config: Config

    def __init__(self, config: Config) -> None:
        self.config = config
        self._set(np.array([], np.str_), csr_matrix((0, 0), dtype=np.float32))

    @abstractmethod
    def learn(self, interactions: Interactions) -> tuple[Strings, Any]:
        """The titles that the model will know, ascending, and its matrix, dense or csr, before it is checked."""

    def fit(self, interactions: Interactions) -> Self:
        """See Recommender.fit."""
        if not interactions.pairs:
            raise UsageError(f"{self.config.kind}: there is nothing to learn from")  # type: ignore[attr-defined]
        with one_thread(), np.errstate(over="ignore", invalid="ignore"):
            titles, matrix = self.learn(interactions)
        self.take(titles, matrix)
        return self

    def take(self, titles: Strings, matrix: Any) -> None:
        """Take over what was learned, here or elsewhere. Raises Refused for a matrix that holds what is no number."""
        entries = matrix.data if issparse(matrix) else matrix
        if not np.isfinite(entries).all():
            kind = self.config.kind  # type: ignore[attr-defined]
            raise Refused(f"{kind}: the training diverged; the champion stays. Look for confidences out of all bounds")
        self._set(titles, matrix)

    def state(self) -> dict[str, np.typing.NDArray[Any]]:
        """See Storable.state."""
        if not issparse(self.matrix):
            return {"titles": self.titles, "matrix": self.matrix}
        parts = {"data": self.matrix.data, "indices": self.matrix.indices, "starts": self.matrix.indptr}
        return {"titles": self.titles, **parts}

    @classmethod
    def of_state(cls, state: Mapping[str, np.typing.NDArray[Any]], config: Any) -> Self:
        """See Storable.of_state."""
        model = cls(config)
        titles, size = state["titles"], len(state["titles"])
        matrix = state.get("matrix")
        if matrix is None:
            matrix = csr_matrix((state["data"], state["indices"], state["starts"]), shape=(size, size))
        if matrix.shape != (size, size):
            raise ValueError("the matrix does not fit the titles")
        model._set(titles, matrix)
        return model

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        return padded_batches(histories, len(self.titles), _REASONS)

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        return _Summed(self, histories.take(rows))

    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """The titles that this one adds most to; fewer than k where it adds to fewer."""
        row = self.matrix[[self.place(title)]]
        scores = np.asarray(row.toarray() if issparse(row) else row, np.float64)
        best = top_k(np.where(scores > 0, scores, -np.inf), k)[0]
        return [(str(self.titles[n]), float(scores[0, n])) for n in best if n != NOBODY]

    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """See Recommender.explain."""
        return self.explain_row(Interactions.of_one(history), 0, title)

    def explain_row(self, histories: Interactions, row: int, title: str) -> Explanation:
        """See Recommender.explain_row."""
        place = self.place(title)
        known = histories.take(np.array([row])).over(self.titles)
        added = self.added(pad(known, activations(known, self.config), np.array([0])), np.array([[place]]))[0, 0]
        names = self.titles[known.columns]
        parts = {str(n): float(a) for n, a in zip(names, added[: len(names)], strict=True)}
        return Explanation(float(added.sum()), 0.0, parts)

    def added(self, history: Padded, titles: Ints) -> Floats:
        """What each title of padded histories adds to the scores of `titles` (viewers, k): (viewers, k, length)."""
        entries = self._entries(history.columns[:, None, :], titles[:, :, None])
        return np.asarray(entries * history.weights[:, None, :])

    def _entries(self, rows: Ints, columns: Ints) -> Floats:
        """Entries of the matrix in double precision; at places of -1 they have no meaning."""
        if self._spread is not None:
            return np.asarray(self._spread[rows, columns], np.float64)
        wanted = rows.astype(np.int64) * len(self.titles) + columns
        at = np.minimum(np.searchsorted(self._places, wanted), max(len(self._places) - 1, 0))
        if not len(self._places):
            return np.zeros(wanted.shape)
        return np.where(self._places[at] == wanted, self.matrix.data[at], 0).astype(np.float64)

    @cached_property
    def _spread(self) -> Floats | None:
        if not issparse(self.matrix):
            return np.asarray(self.matrix)
        return np.asarray(self.matrix.toarray()) if len(self.titles) ** 2 <= _DENSE else None

    @cached_property
    def _places(self) -> Ints:
        """Of each stored entry of a sparse matrix: row · titles + column, ascending."""
        size = len(self.titles)
        rows = np.repeat(np.arange(size, dtype=np.int64), np.diff(self.matrix.indptr))
        return np.asarray(rows * size + self.matrix.indices)

    def _set(self, titles: Strings, matrix: Any) -> None:
        self.titles = titles
        if issparse(matrix):
            matrix = csr_matrix(matrix, dtype=np.float32)
            matrix.sort_indices()
        self.matrix = matrix
        for cached in ("_spread", "_places"):
            vars(self).pop(cached, None)


class _Summed(Additive):
    def __init__(self, model: ItemItem[Any], histories: Interactions) -> None:
        self._model = model
        weights = activations(histories, model.config)
        self._history = pad(histories, weights, np.arange(len(histories)))
        shape = (len(histories), len(model.titles))
        # Row by row, in the order of the titles: the sums do not depend on who else is in the batch.
        sums = csr_matrix((weights, histories.columns, histories.starts), shape=shape) @ model.matrix
        self.scores = np.asarray(sums.toarray() if issparse(sums) else sums, np.float32)
        self.scores[self._history.empty] = -np.inf

    @property
    def columns(self) -> Ints:
        return self._history.columns

    def added(self, titles: Ints) -> tuple[Floats, Floats]:
        return np.zeros(titles.shape), self._model.added(self._history, titles)

    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        return top_reasons(self._model.added(self._history, titles), self.columns)


def matrix_of(interactions: Interactions, config: HistoryConfig, least: float | None = None) -> csr_matrix:
    """Viewers by titles, what each pair weighs in learning, double precision; `least` as in history.learned."""
    shape = (len(interactions), len(interactions.titles))
    weights = learned(interactions, config, least).astype(np.float64)
    return csr_matrix((weights, interactions.columns, interactions.starts), shape=shape)


def pruned(titles: int, neighbours: int, columns: Callable[[Ints], Floats]) -> csr_matrix:
    """A matrix of titles by titles from its columns at given places, of which it keeps the largest, no diagonal."""
    step = max(1, _BLOCK // titles)
    parts = []
    for first in range(0, titles, step):
        places = np.arange(first, min(first + step, titles))
        block = columns(places)
        block[places, np.arange(len(places))] = 0
        parts.append(largest(block, neighbours))
    return hstack(parts).tocsr()


def largest(block: Floats, k: int) -> csc_matrix:
    """The k entries of each column that are largest in size, without zeros, as a sparse matrix of the same shape.

    Of entries that tie for the last place, those in the first rows.
    """
    best = top_k(np.ascontiguousarray(np.abs(block.T)), k)
    columns = np.repeat(np.arange(block.shape[1]), best.shape[1])
    rows = best.ravel()
    values = block[rows, columns]
    kept = values != 0
    return csc_matrix((values[kept].astype(np.float32), (rows[kept], columns[kept])), shape=block.shape)
