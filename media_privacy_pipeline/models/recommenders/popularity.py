"""Popularity: everyone gets what most people watch. The floor that any other model has to beat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from ...errors import UsageError
from ..base import NOBODY, Explanation, Scored, Storable
from ..interactions import Floats, Interactions, Ints, Strings
from ..topk import top_k
from .additive import Additive
from .config import PopularityConfig
from .history import faded

_CELLS = 16_000_000
"""Scores in memory at a time (64 MB)."""


class Popularity(Storable):
    """Score of a title: how many viewers watched it, late ones for more where asked; or any other count."""

    config: PopularityConfig

    def __init__(
        self, titles: Strings | None = None, counts: Floats | None = None, config: PopularityConfig | None = None
    ) -> None:
        self.config = config or PopularityConfig()
        self.titles = np.array([], np.str_) if titles is None else titles
        self.counts = np.zeros(len(self.titles)) if counts is None else counts

    @classmethod
    def of_counts(cls, counts: Mapping[str, float]) -> Popularity:
        """From counts made elsewhere, such as the open noisy ones; what is not above zero is not ranked."""
        titles = sorted(title for title, count in counts.items() if count > 0)
        return cls(np.array(titles, np.str_), np.array([counts[title] for title in titles], np.float64))

    def fit(self, interactions: Interactions) -> Self:
        """See Recommender.fit."""
        if not interactions.pairs:
            raise UsageError("popularity: there is nothing to learn from")
        self.titles = interactions.titles
        weights = faded(interactions, self.config.half_life_days).astype(np.float64)
        self.counts = np.asarray(np.bincount(interactions.columns, weights, len(self.titles)), np.float64)
        return self

    def state(self) -> dict[str, np.typing.NDArray[Any]]:
        """See Storable.state."""
        return {"titles": self.titles, "counts": self.counts}

    @classmethod
    def of_state(cls, state: Mapping[str, np.typing.NDArray[Any]], config: Any) -> Self:
        """See Storable.of_state."""
        if len(state["titles"]) != len(state["counts"]):
            raise ValueError("the counts do not fit the titles")
        return cls(state["titles"], state["counts"], config)

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        step = max(1, _CELLS // max(1, len(self.titles)))
        for first in range(0, len(histories), step):
            yield np.arange(first, min(first + step, len(histories)))

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        return _Counted(self.counts, len(rows))

    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """The most popular other titles: popularity knows no likeness."""
        scores = self.counts.astype(np.float64)
        scores[self.place(title)] = -np.inf
        best = top_k(scores[None, :], k)[0]
        return [(str(self.titles[n]), float(self.counts[n])) for n in best if n != NOBODY]

    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """Nothing of the viewer's own makes a title popular: all of the score is baseline."""
        score = float(self.counts[self.place(title)])
        return Explanation(score, score, {})


class _Counted(Additive):
    def __init__(self, counts: Floats, viewers: int) -> None:
        self._counts = counts
        self.scores = np.tile(counts.astype(np.float32), (viewers, 1))

    @property
    def columns(self) -> Ints:
        return np.empty((len(self.scores), 0), np.int32)

    def added(self, titles: Ints) -> tuple[Floats, Floats]:
        return self._counts[titles], np.empty((*titles.shape, 0))

    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        return self._counts[titles], np.full(titles.shape, NOBODY, np.int32), np.full(titles.shape, np.nan)
