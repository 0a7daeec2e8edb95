"""Splits of interactions into what a model may learn from and what it is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from ..base import Storable
from ..config import EvaluationConfig
from ..interactions import Interactions, Ints
from ..learnable import Learnable, taught


@dataclass(frozen=True)
class Split:
    """`train` is all that may be learned from; `histories` and `test` are row by row the same viewers' two sides.

    `test` holds no title of the viewer's history. Titles of it that `train` lacks stay: no model can list them, and
    they count as misses for every model alike.
    """

    protocol: str
    train: Interactions
    histories: Interactions
    test: Interactions
    elsewhere: Learnable | None = None
    """What may be learned from where it is not in this memory: `train` then has its titles and nobody."""

    @property
    def audience(self) -> tuple[Ints, int]:
        """Viewers of each title of `train`, and viewers in all, of what may be learned from."""
        if self.elsewhere is not None:
            return self.elsewhere.counts, len(self.elsewhere)
        return np.bincount(self.train.columns, minlength=len(self.train.titles)), len(self.train)

    def taught(self, model: Storable) -> Storable:
        """The model, fitted on what may be learned from. Raises as Recommender.fit."""
        return taught(model, self.train if self.elsewhere is None else self.elsewhere)


def split_day(days: Sequence[tuple[date, int]], config: EvaluationConfig) -> date | None:
    """First day of the test side, from the events of each day in order of days; None for fewer than two days.

    The earliest day from which at most `test_share` of the events lie, no more than `test_days` before the end, and no
    earlier than the second day; the last day alone where even that holds more.
    """
    if len(days) < 2:
        return None
    last, total = days[-1][0], sum(events for _, events in days)
    earliest = max(last - timedelta(days=config.test_days - 1), days[1][0])
    chosen, held_out = last, 0
    for day, events in reversed(days):
        held_out += events
        if day < earliest or held_out > config.test_share * total:
            break
        chosen = day
    return chosen


def temporal(before: Interactions, after: Interactions) -> Split:
    """Interactions before a point in time and those after it, for the viewers who have new titles after it."""
    return paired("temporal", before, before, after)


def holdout(interactions: Interactions, share: float, seed: int | np.random.Generator) -> Split:
    """At random `share` of each viewer's titles is held out, rounded down; viewers who hold out none are not tested."""
    random = np.random.default_rng(seed)
    held = np.zeros(interactions.pairs, bool)
    for start, length in zip(interactions.starts[:-1], interactions.lengths, strict=True):
        held[start + random.permutation(length)[: int(length * share)]] = True
    train, test = interactions.where(~held), interactions.where(held)
    return paired("holdout", train, train, test)


def thinned(split: Split, viewers: int, seed: int) -> Split:
    """At most so many of the test viewers, drawn at random."""
    if len(split.test) <= viewers:
        return split
    chosen = np.sort(np.random.default_rng(seed).choice(len(split.test), viewers, replace=False))
    return replace(split, histories=split.histories.take(chosen), test=split.test.take(chosen))


def paired(protocol: str, train: Interactions, histories: Interactions, test: Interactions) -> Split:
    """Both sides of the viewers who have a history and a test title that is not in it."""
    names_before = np.array(histories.viewers.to_pylist(), dtype=object)
    names_after = np.array(test.viewers.to_pylist(), dtype=object)
    _, before_rows, after_rows = np.intersect1d(names_before, names_after, return_indices=True)
    before, after = histories.take(before_rows), test.take(after_rows)
    titles = np.union1d(before.titles, after.titles)
    width = len(titles) + 1
    place_before = np.searchsorted(titles, before.titles)[before.columns]
    place_after = np.searchsorted(titles, after.titles)[after.columns]
    new = ~np.isin(after.rows * width + place_after, before.rows * width + place_before)
    fresh = after.where(new)
    keep = np.flatnonzero((fresh.lengths > 0) & (before.lengths > 0))
    return Split(protocol, train, before.take(keep), fresh.take(keep))
