"""A weighted sum of what several recommenders say, each standardised over the titles for each viewer.

    score_i = sum over parts p of w_p (s_pi - mean_p) / deviation_p

Mean and deviation are those of the viewer's own scores by that part over all of its titles. A part that knows nothing
of a viewer says nothing; a title that a part does not know scores 0 there, as one without a link to the history does.
The score adds up over the viewer's titles as the parts' scores do: contributions are w_p / deviation_p times theirs,
summed over the parts, and the baseline is the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ...errors import UsageError
from ..base import NOBODY, Explanation, Scored, Storable
from ..interactions import Bools, Floats, Interactions, Ints, Strings, positions
from .additive import Additive, Made
from .config import BlendConfig
from .padding import Padded, pad, padded_batches, top_reasons
from .popularity import Popularity
from .weights import found_weights, validation

_CELLS = 65_536
"""Doubles that a viewer may take in a part beside the scores: the square of 256 factors."""
_PER_TITLE = 64


class Blend(Storable):
    """Its parts are made by the caller, so that it need not know what kinds there are."""

    config: BlendConfig

    def __init__(self, config: BlendConfig, make: Made) -> None:
        self.config, self._make = config, make
        if config.weights is not None and len(config.weights) != len(config.parts):
            raise UsageError(f"blend: {len(config.weights)} weights for {len(config.parts)} parts")
        self._set([make(part) for part in config.parts], np.zeros(len(config.parts)))

    def fit(self, interactions: Interactions) -> Self:
        """See Recommender.fit. Without given weights the parts are trained twice: to find weights, and for good."""
        if not interactions.pairs:
            raise UsageError("blend: there is nothing to learn from")
        weights = self.config.weights
        found = np.full(len(self.parts), 1.0) if weights is None else np.array(weights, np.float64)
        split = validation(interactions, self.config) if weights is None and len(self.parts) > 1 else None
        if split is not None:
            self._set(self._fitted(split.train), found)
            found = found_weights(self._standardised(split.histories), split, self.titles, self.config.k)
        self._set(self._fitted(interactions), found)
        return self

    def state(self) -> dict[str, np.typing.NDArray[Any]]:
        """See Storable.state."""
        arrays = {f"{n}.{name}": array for n, part in enumerate(self.parts) for name, array in part.state().items()}
        return {"weights": self.weights, **arrays}

    @classmethod
    def of_state(cls, state: Mapping[str, np.typing.NDArray[Any]], config: Any) -> Self:
        """See Storable.of_state; `kinds.restored` gives the parts."""
        from .kinds import make, restored

        model = cls(config, make)
        parts = []
        for n, part in enumerate(config.parts):
            prefix = f"{n}."
            own = {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}
            parts.append(restored(part.model_dump(), own))
        if state["weights"].shape != (len(parts),):
            raise ValueError("the weights do not fit the parts")
        model._set(parts, state["weights"])
        return model

    def batches(self, histories: Interactions) -> Iterator[Ints]:
        """See Recommender.batches."""
        return padded_batches(histories, max(len(self.titles) * (len(self.parts) + 1), _CELLS), _PER_TITLE)

    def score(self, histories: Interactions, rows: Ints) -> Scored:
        """See Recommender.score."""
        return self._scored(histories.take(rows))

    def similar(self, title: str, k: int) -> list[tuple[str, float]]:
        """By what one play of the title adds to others, standardised and weighed: the list of who saw it alone."""
        self.place(title)
        ranked = self.recommend(Interactions.of_one({title: 1.0}), k)
        listed = ranked.titles[0] != NOBODY
        return [
            (str(self.titles[n]), float(s))
            for n, s in zip(ranked.titles[0][listed], ranked.scores[0][listed], strict=True)
        ]

    def explain(self, history: Mapping[str, float], title: str) -> Explanation:
        """See Recommender.explain."""
        return self.explain_row(Interactions.of_one(history), 0, title)

    def explain_row(self, histories: Interactions, row: int, title: str) -> Explanation:
        """See Recommender.explain_row."""
        place = self.place(title)
        known = histories.take(np.array([row])).over(self.titles)
        base, added = self._scored(known).added(np.array([[place]]))
        parts = {str(n): float(a) for n, a in zip(self.titles[known.columns], added[0, 0], strict=False)}
        return Explanation(float(base[0, 0] + added.sum()), float(base[0, 0]), parts)

    def _fitted(self, interactions: Interactions) -> list[Storable]:
        return [self._make(part).fit(interactions) for part in self.config.parts]

    def _set(self, parts: list[Storable], weights: Floats) -> None:
        self.parts, self.weights = parts, weights
        names: Strings = np.array([], np.str_)
        for part in parts:
            names = np.union1d(names, part.titles)
        self.titles = names
        self._places = [positions(names, part.titles) for part in parts]

    def _scored(self, known: Interactions) -> _Blended:
        said = [
            _Said.of(part, places, known, weight)
            for part, places, weight in zip(self.parts, self._places, self.weights, strict=True)
        ]
        return _Blended(known, said, len(self.titles))

    def _standardised(self, histories: Interactions) -> Floats:
        """Each part's scores of each viewer: shape (parts, viewers, titles), float32, what is seen at -inf."""
        known = histories.over(self.titles)
        scores = np.empty((len(self.parts), len(known), len(self.titles)), np.float32)
        for n, (part, places) in enumerate(zip(self.parts, self._places, strict=True)):
            scores[n] = _Said.of(part, places, known, 1.0).spread(len(self.titles))
        scores[:, known.rows, known.columns] = -np.inf
        return scores


@dataclass(frozen=True)
class _Said:
    """What one part says of some viewers: its scores in groups of rows, and how they are standardised.

    `places` (part's titles) are in the blend's titles. Row r's score s counts as (s - mean_r) · scale_r; scale is 0
    where the part knows nothing of the viewer (`told` says of whom it does), finds all titles alike or has no weight.
    """

    part: Storable
    places: Ints
    groups: list[tuple[Ints, Additive]]
    means: Floats
    scales: Floats
    told: Bools

    @classmethod
    def of(cls, part: Storable, places: Ints, histories: Interactions, weight: float) -> _Said:
        known = histories.over(part.titles)
        means, scales, knows = np.zeros(len(known)), np.zeros(len(known)), np.zeros(len(known), bool)
        groups = []
        # In the part's own groups: how a viewer is padded there must not depend on who else is asked about here.
        for rows in part.batches(known):
            scored = part.score(known, rows)
            if not isinstance(scored, Additive):
                raise UsageError(f"blend: the scores of {type(part).__name__} do not add up over a history")
            groups.append((rows, scored))
            exact = scored.scores.astype(np.float64)
            told = np.isfinite(exact).all(axis=1) & (exact.shape[1] > 0)
            exact = np.where(told[:, None], exact, 0)
            mean = exact.mean(axis=1) if exact.shape[1] else np.zeros(len(rows))
            deviation = exact.std(axis=1) if exact.shape[1] else np.zeros(len(rows))
            # Equal scores can differ in their last digit: what is left of their deviation is no preference.
            some = told & (deviation > 1e-9 * np.maximum(np.abs(mean), 1e-30))
            means[rows], knows[rows] = mean, told
            scales[rows] = np.divide(weight, deviation, out=np.zeros(len(rows)), where=some)
        return cls(part, places, groups, means, scales, knows)

    def spread(self, titles: int) -> Floats:
        """Standardised scores over the blend's titles: shape (viewers, titles), float32."""
        found = np.zeros((len(self.means), titles))
        for rows, scored in self.groups:
            own = np.where(np.isfinite(scored.scores), scored.scores, 0)
            found[rows[:, None], self.places[None, :]] = own
        return np.asarray((found - self.means[:, None]) * self.scales[:, None], np.float32)


class _Blended(Additive):
    def __init__(self, histories: Interactions, said: list[_Said], titles: int) -> None:
        self._histories, self._said, self._titles = histories, said, titles
        self._history: Padded = pad(histories, histories.weights, np.arange(len(histories)))
        self.scores = np.zeros((len(histories), titles), np.float32)
        for part in said:
            self.scores += part.spread(titles)
        personal = [part for part in said if not isinstance(part.part, Popularity)]
        if personal:
            # What most people watch is for the floor to list: without a word on the viewer there is nothing here.
            unknown = ~np.any([part.told for part in personal], axis=0) | self._history.empty
            self.scores[unknown] = -np.inf

    def added(self, titles: Ints) -> tuple[Floats, Floats]:
        base = np.zeros(titles.shape)
        added = np.zeros((*titles.shape, self._history.columns.shape[1]))
        where = self._histories.rows * self._titles + self._histories.columns
        for said in self._said:
            base -= (said.means * said.scales)[:, None]
            places = np.append(said.places, NOBODY)
            own = positions_of(said.places, titles)
            for rows, scored in said.groups:
                asked = own[rows]
                rest, parts = scored.added(np.where(asked == NOBODY, 0, asked) if len(said.places) else asked)
                known = (asked != NOBODY) * said.scales[rows][:, None]
                base[rows] += np.where(known != 0, rest, 0) * known
                columns = scored.columns
                inside = columns != NOBODY
                at = np.searchsorted(where, rows[:, None] * self._titles + places[columns])
                at -= self._histories.starts[rows][:, None]
                parts = np.where(known[:, :, None] != 0, parts, 0) * known[:, :, None]
                viewer, column = np.nonzero(inside)
                added[rows[viewer], :, at[viewer, column]] += parts[viewer, :, column]
        return base, added

    @property
    def columns(self) -> Ints:
        return self._history.columns

    def detail(self, titles: Ints) -> tuple[Floats, Ints, Floats]:
        base, added = self.added(titles)
        sums, reasons, shares = top_reasons(added, self.columns)
        return base + sums, reasons, shares


def positions_of(places: Ints, wanted: Ints) -> Ints:
    """Index in ascending `places` of each wanted place; -1 for one that is not there."""
    if not len(places):
        return np.full(wanted.shape, NOBODY)
    at = np.minimum(np.searchsorted(places, wanted), len(places) - 1)
    return np.where(places[at] == wanted, at, NOBODY)
