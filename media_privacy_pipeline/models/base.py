"""The one interface that every recommender keeps, and what all of them do alike: filter, rank, page through viewers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from pydantic import BaseModel

from ..errors import UsageError
from .blas import one_thread
from .interactions import Floats, Interactions, Ints, Strings, positions
from .serving.filters import Filters, Mask
from .topk import top_k

NOBODY = -1


@dataclass(frozen=True)
class Ranking:
    """Top lists of some viewers: shape (viewers, k), the last places of a short list filled with -1 and NaN.

    `titles` and `reasons` are places in the model's titles. A reason is the viewer's own title that adds most to the
    score, `shares` its part of all that adds to it; -1 and NaN where nothing of the viewer's own does.
    """

    titles: Ints
    scores: Floats
    reasons: Ints
    shares: Floats

    @classmethod
    def empty(cls, viewers: int, k: int) -> Ranking:
        """Nothing ranked yet."""
        none, nan = np.full((viewers, k), NOBODY, np.int32), np.full((viewers, k), np.nan)
        return cls(none, nan, none.copy(), nan.copy())


@dataclass(frozen=True)
class Explanation:
    """Why a title has its score: `score` is `baseline` and the sum of the contributions of the viewer's own titles."""

    score: float
    baseline: float
    contributions: Mapping[str, float]


class Scored(ABC):
    """Scores of some viewers over all titles, and what they are made of."""

    scores: Floats
    """Shape (viewers, titles), float32; its owner may overwrite it."""

    @abstractmethod
    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        """Exact scores, reasons and shares of the given titles: each of the shape (viewers, k) of `titles`.

        The places of `titles` may hold -1; what is returned there has no meaning.
        """


class Recommender(ABC):
    """A model of what viewers will watch next. It knows titles; viewers come as histories and are never stored."""

    titles: Strings
    """The titles that the model knows, ascending."""

    @abstractmethod
    def fit(self, interactions: Interactions) -> Self:
        """Learn from interactions and return itself. Raises UsageError without any, Refused when the fit diverges."""

    @abstractmethod
    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """Rows of the histories in groups of which each fits in memory when it is scored."""

    @abstractmethod
    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """Score the viewers `rows` of histories over the model's own titles."""

    @abstractmethod
    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """The k titles most like one, best first, without itself. Raises UsageError for a title it does not know."""

    @abstractmethod
    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """What a history (title → confidence) adds to the score of a title. Unknown titles of the history add nothing.

        Raises UsageError for a title that the model does not know.
        """

    def explain_row(self, histories: Interactions, row: int, title: str) -> Explanation:
        """As `explain`, for the viewer `row` of histories, whose ages count where the model goes by them."""
        places = slice(histories.starts[row], histories.starts[row + 1])
        names = histories.titles[histories.columns[places]].tolist()
        return self.explain(dict(zip(names, histories.weights[places].tolist(), strict=True)), title)

    def recommend(self, histories: Interactions, k: int, filters: Filters | None = None) -> Ranking:
        """The k best unseen titles of each viewer that the filters let through, with scores and reasons.

        Equal scores rank in the order of the titles. Lists are shorter than k where fewer titles are left. Titles of a
        history that the model does not know are left out of the score.
        """
        if k < 1:
            raise UsageError(f"k is {k}: ask for at least one title")
        known = histories.over(self.titles)
        mask = None if filters is None else filters.over(self.titles)
        ranking = Ranking.empty(len(known), k)
        with one_thread():
            for rows in self.batches(known):
                self._rank(known, rows, mask, ranking)
        return ranking

    def _rank(self, known: Interactions, rows: Ints, mask: Mask | None, ranking: Ranking) -> None:
        """Fill in the lists of the viewers `rows`."""
        scored = self.score(known, rows)
        seen_rows = np.repeat(np.arange(len(rows)), known.lengths[rows])
        seen = np.concatenate([known.columns[known.starts[r] : known.starts[r + 1]] for r in rows])
        scored.scores[seen_rows, seen] = -np.inf
        if mask is not None:
            np.copyto(scored.scores, -np.inf, where=~mask.allowed(rows))
        best = top_k(scored.scores, ranking.titles.shape[1])
        exact, reasons, shares = scored.detail(best)
        exact = np.where(best == NOBODY, -np.inf, exact)
        # Ranked in single precision, published in double: equal at first sight, two scores may yet differ.
        order = np.lexsort((best, -exact), axis=1)
        listed = np.take_along_axis(best, order, axis=1)
        short = listed == NOBODY
        width = slice(0, best.shape[1])
        ranking.titles[rows, width] = listed
        ranking.scores[rows, width] = np.where(short, np.nan, np.take_along_axis(exact, order, axis=1))
        ranking.reasons[rows, width] = np.where(short, NOBODY, np.take_along_axis(reasons, order, axis=1))
        ranking.shares[rows, width] = np.where(short, np.nan, np.take_along_axis(shares, order, axis=1))

    def place(self, title: str) -> int:
        """Place of a title among the model's. Raises UsageError for one that it does not know."""
        place = int(positions(self.titles, np.array([title]))[0])
        if place < 0:
            raise UsageError(f"the model does not know the title {title!r}")
        return place


class Storable(Recommender):
    """A recommender that is kept as plain arrays and its configuration, and comes back without being trained."""

    config: BaseModel
    """What it was made with; its field `kind` says which recommender it is."""

    @abstractmethod
    def state(self) -> dict[str, np.typing.NDArray[Any]]:
        """All that was learned, as arrays of numbers and texts: what an npz file holds without pickle."""

    @classmethod
    @abstractmethod
    def of_state(cls, state: Mapping[str, np.typing.NDArray[Any]], config: Any) -> Self:
        """The model of a stored state. Raises KeyError or ValueError where the arrays do not fit together."""


class Delegating(Storable):
    """A model that ranks and explains as another one does, which it made in a way of its own."""

    _inner: Recommender

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        return self._inner.batches(histories)

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        return self._inner.score(histories, rows)

    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """See Recommender.similar."""
        return self._inner.similar(title, k)

    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """See Recommender.explain."""
        return self._inner.explain(history, title)
