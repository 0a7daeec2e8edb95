"""A model of item factors that also ranks titles it never learned, by vectors derived from their metadata.

A viewer's vector is solved from the titles that the model learned alone: a derived vector is a guess, and what it is
guessed from must not move a viewer. So scores of the learned titles stay as they were, and a new title that a viewer
watched explains nothing; it is left out of their list as any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from ...errors import UsageError
from ..base import NOBODY, Explanation, Recommender, Scored
from ..interactions import Floats, Interactions, Ints, Strings, positions
from ..private.recommender import PrivateAls
from ..recommenders.foldin import batches, fold_in
from ..recommenders.history import activations
from ..recommenders.ials import Ials, products
from ..recommenders.padding import top_reasons
from ..topk import top_k
from .config import ColdStartConfig
from .derived import Derived, derived
from .metadata import Metadata


def factored(model: Recommender) -> Ials | None:
    """The model by whose factors and loss viewers are solved; None for kinds without factors."""
    if isinstance(model, PrivateAls):
        return model.folding
    return model if isinstance(model, Ials) else None


def with_new_titles(
    model: Recommender, catalogue: Mapping[str, Metadata], config: ColdStartConfig | None = None
) -> Recommender:
    """The trained model, which also ranks titles of the catalogue that it never learned, where it has factors and they
    can be derived; the model itself otherwise."""
    if factored(model) is None or not len(model.titles):
        return model
    made = ColdStart(model, catalogue, config)
    return made if len(made.new.titles) else model


class ColdStart(Recommender):
    """See above. `new` are the titles that were derived."""

    new: Derived

    def __init__(
        self, model: Recommender, catalogue: Mapping[str, Metadata], config: ColdStartConfig | None = None
    ) -> None:
        """Around a model of a kind that has factors, trained or not. Raises UsageError for another kind."""
        self.model, self._catalogue, self._config = model, catalogue, config or ColdStartConfig()
        self._derive()

    def fit(self, interactions: Interactions) -> Self:
        """See Recommender.fit; then derive the new titles anew."""
        self.model.fit(interactions)
        self._derive()
        return self

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        return batches(self._inner.space, histories)

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        return _Both(self, histories.take(rows))

    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """By the cosine of factors, learned and derived."""
        place = self.place(title)
        lengths = np.maximum(np.linalg.norm(self.exact, axis=1), np.finfo(np.float64).tiny)
        cosines = self.exact @ self.exact[place] / (lengths * lengths[place])
        cosines[place] = -np.inf
        best = top_k(cosines[None, :], k)[0]
        return [(str(self.titles[n]), float(cosines[n])) for n in best if n != NOBODY]

    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """See Recommender.explain."""
        return self.explain_row(Interactions.of_one(history), 0, title)

    def explain_row(self, histories: Interactions, row: int, title: str) -> Explanation:
        """See Recommender.explain_row. New titles of the history add 0."""
        place, own = self.place(title), histories.take(np.array([row])).over(self.titles)
        scored = _Both(self, own)
        added = scored.added(np.array([[place]]))[0, 0]
        parts = dict.fromkeys(self.titles[own.columns].tolist(), 0.0)
        inside = scored.columns[0] != NOBODY
        parts |= dict(zip(self.titles[scored.columns[0][inside]].tolist(), added[inside].tolist(), strict=True))
        return Explanation(float(added.sum()), 0.0, parts)

    def _derive(self) -> None:
        inner = factored(self.model)
        if inner is None:
            raise UsageError("cold start: this kind of model has no factors that vectors of new titles could be like")
        self._inner, self.new = inner, derived(inner.titles, inner.factors, self._catalogue, self._config)
        titles: Strings = np.concatenate([inner.titles, self.new.titles])
        order = np.argsort(titles, kind="stable")
        self.titles = titles[order]
        self.factors: Floats = np.concatenate([inner.factors, self.new.factors])[order]
        self.exact: Floats = self.factors.astype(np.float64)
        self.turned: Floats = self.exact @ inner.space.basis
        self.learned = positions(self.titles, inner.titles)
        """Place of each learned title among all of them."""


class _Both(Scored):
    """Scores of learned and new titles: one vector a viewer against both."""

    def __init__(self, model: ColdStart, histories: Interactions) -> None:
        inner = model._inner
        own = histories.over(inner.titles)
        everyone = np.arange(len(own))
        self._model, self._folded = model, fold_in(inner.space, own, everyone, activations(own, inner.config))
        columns = self._folded.history.columns
        self.columns: Ints = np.where(columns == NOBODY, NOBODY, model.learned[np.maximum(columns, 0)])
        self.scores = products(self._folded.vectors.astype(np.float32), model.factors)
        # As in the model itself: who has no learned title gives nothing to go by.
        self.scores[self._folded.history.empty] = -np.inf

    def added(self, titles: Ints) -> Floats:
        """What each own title adds to the scores of titles (viewers, k): (viewers, k, length)."""
        return self._folded.contributions_to(self._model.turned[titles])

    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        return top_reasons(self.added(titles), self.columns)
