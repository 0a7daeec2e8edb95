"""The list of who has no history: what is popular in their country, the same for all of a country and age."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import UsageError
from ..base import NOBODY, Explanation, Recommender, Scored
from ..interactions import Floats, Interactions, Ints, Strings
from ..topk import top_k

_CELLS = 16_000_000


class RegionalFloor(Recommender):
    """Score of a title: the open estimate of the viewer's region; nothing of the viewer's own makes it.

    `region_of` gives the regions of viewers by key; who has none, or one without a list, is of the region `other`.
    """

    def __init__(
        self, scores: Mapping[str, Mapping[str, float]], other: str, viewers: pa.Array, region_of: list[str | None]
    ) -> None:
        """From the scores by region and title; what a region does not list is not ranked for it. Raises UsageError
        where `other` is none of the regions."""
        if other not in scores:
            raise UsageError(f"popular by region: there is no list of {other}, for those of no other region")
        self._regions = sorted(scores)
        self._other, self._viewers = self._regions.index(other), viewers
        at = {region: n for n, region in enumerate(self._regions)}
        self._region_of = np.array([at.get(region or other, self._other) for region in region_of], np.int64)
        self.titles: Strings = np.array(sorted({title for own in scores.values() for title in own}), np.str_)
        self.scores: Floats = np.full((len(scores), len(self.titles)), -np.inf)
        for n, region in enumerate(self._regions):
            for place, title in enumerate(self.titles.tolist()):
                self.scores[n, place] = scores[region].get(title, -np.inf)

    def fit(self, interactions: Interactions) -> Self:
        """Nothing is learned from anybody: the scores are those of the open table."""
        return self

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        step = max(1, _CELLS // max(1, len(self.titles)))
        for first in range(0, len(histories), step):
            yield np.arange(first, min(first + step, len(histories)))

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        at = pc.fill_null(pc.index_in(histories.viewers.take(pa.array(rows)), self._viewers), NOBODY).to_numpy()
        known = self._region_of[at] if len(self._region_of) else np.full(len(at), self._other)
        return _Regional(self.scores[np.where(at == NOBODY, self._other, known)])

    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """The most popular other titles of the region `other`: popularity knows no likeness."""
        scores = self.scores[self._other].copy()
        scores[self.place(title)] = -np.inf
        best = top_k(scores[None, :], k)[0]
        return [(str(self.titles[n]), float(scores[n])) for n in best if n != NOBODY]

    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """Nothing of the viewer's own makes a title popular: all of the score is baseline."""
        score = float(self.scores[self._other, self.place(title)])
        return Explanation(score, score, {})


class _Regional(Scored):
    def __init__(self, exact: Floats) -> None:
        self._exact = exact
        self.scores = exact.astype(np.float32)

    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        exact = np.take_along_axis(self._exact, np.maximum(titles, 0), axis=1)
        return exact, np.full(titles.shape, NOBODY, np.int32), np.full(titles.shape, np.nan)
