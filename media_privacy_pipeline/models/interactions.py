"""Who watched what, how surely: sparse rows of viewers over columns of titles, checked when they are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ..errors import UsageError
from .config import ConfidenceConfig

Floats = npt.NDArray[np.floating[Any]]
Ints = npt.NDArray[np.integer[Any]]
Bools = npt.NDArray[np.bool_]
Strings = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Interactions:
    """Confidences of (viewer, title) pairs in compressed sparse rows.

    Row r is `viewers[r]`; its titles are `titles[columns[starts[r]:starts[r+1]]]`, ascending, each once, with the
    float32 confidences at the same places of `weights`. Viewers and titles ascend by their text. `ages`, where they are
    known, are the days (float32, not below zero) from the latest time that a pair was watched to one and the same later
    time for all pairs.
    """

    viewers: pa.StringArray
    titles: Strings
    starts: Ints
    columns: Ints
    weights: Floats
    ages: Floats | None = None

    @classmethod
    def of(
        cls,
        viewers: Sequence[str] | pa.ChunkedArray,
        titles: Sequence[str] | pa.ChunkedArray,
        weights: Sequence[float] | Floats | None = None,
        *,
        everyone: pa.Array | None = None,
        ages: Sequence[float] | Floats | None = None,
    ) -> Interactions:
        """From one entry a pair, in any order; of a pair that comes twice the larger confidence and lesser age hold.

        `weights` are 1 where not given. `everyone` gives the rows instead of the viewers that have a pair: it must hold
        all of these, and those without a pair become empty rows. Raises UsageError for a null id, for a confidence
        that is not a positive number, for an age that is not a number from zero on and for a pair of nobody in
        `everyone`.
        """
        who, what = _strings(viewers), _strings(titles)
        values = np.ones(len(who), np.float32) if weights is None else np.asarray(weights, np.float32)
        if who.null_count or what.null_count:
            raise UsageError(f"interactions: {who.null_count} without a viewer, {what.null_count} without a title")
        if bad := int(np.count_nonzero(~(np.isfinite(values) & (values > 0)))):
            raise UsageError(f"interactions: {bad} of {len(values)} confidences are not positive numbers")
        days = None if ages is None else np.asarray(ages, np.float32)
        if days is not None and (bad := int(np.count_nonzero(~(np.isfinite(days) & (days >= 0))))):
            raise UsageError(f"interactions: {bad} of {len(days)} ages are not numbers of days from zero on")
        rows_of, columns_of = _sorted(who if everyone is None else everyone), _sorted(what)
        index = pc.index_in(who, rows_of)
        if index.null_count:
            raise UsageError(f"interactions: {index.null_count} of {len(index)} belong to nobody among the viewers")
        rows, columns = index.to_numpy(), pc.index_in(what, columns_of).to_numpy()
        order = np.lexsort((columns, rows))
        rows, columns, values = rows[order], columns[order], values[order]
        new = np.ones(len(rows), bool)
        new[1:] = (rows[1:] != rows[:-1]) | (columns[1:] != columns[:-1])
        if len(values):
            values = np.maximum.reduceat(values, np.flatnonzero(new))
        if days is not None:
            days = np.minimum.reduceat(days[order], np.flatnonzero(new)) if len(days) else days
        rows, columns = rows[new], columns[new]
        starts = np.searchsorted(rows, np.arange(len(rows_of) + 1)).astype(np.int64)
        names = np.array(columns_of.to_pylist(), dtype=np.str_)
        return cls(rows_of, names, starts, columns.astype(np.int32), values, days)

    @classmethod
    def of_one(cls, history: Mapping[str, float]) -> Interactions:
        """One viewer's history, title → confidence, as a single row; it may be empty."""
        one = pa.array(["viewer"])
        return cls.of(["viewer"] * len(history), list(history), list(history.values()), everyone=one)

    def __len__(self) -> int:
        return len(self.viewers)

    @property
    def pairs(self) -> int:
        """How many pairs there are."""
        return len(self.columns)

    @property
    def lengths(self) -> Ints:
        """Titles of each viewer."""
        return np.diff(self.starts)

    @property
    def rows(self) -> Ints:
        """Row of each pair."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def block(self, first: int, last: int) -> Interactions:
        """Viewers `first` to `last` (excluded), over the same titles, without a copy."""
        low, high = self.starts[first], self.starts[last]
        starts = self.starts[first : last + 1] - low
        ages = None if self.ages is None else self.ages[low:high]
        return Interactions(
            self.viewers[first:last], self.titles, starts, self.columns[low:high], self.weights[low:high], ages
        )

    def over(self, titles: Strings) -> Interactions:
        """The same viewers over another catalogue (ascending): pairs with a title that it lacks fall away."""
        place = positions(titles, self.titles)[self.columns]
        kept = self.where(place >= 0)
        return Interactions(self.viewers, titles, kept.starts, place[place >= 0], kept.weights, kept.ages)

    def where(self, kept: Bools) -> Interactions:
        """The same viewers and titles with the marked pairs alone."""
        before = np.concatenate([[0], np.cumsum(kept)])
        ages = None if self.ages is None else self.ages[kept]
        return Interactions(
            self.viewers, self.titles, before[self.starts], self.columns[kept], self.weights[kept], ages
        )

    def take(self, rows: Ints) -> Interactions:
        """The viewers of these rows, in their order."""
        lengths = self.lengths[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        at = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
        ages = None if self.ages is None else self.ages[at]
        viewers = self.viewers.take(pa.array(rows))
        return Interactions(viewers, self.titles, starts, self.columns[at], self.weights[at], ages)


def positions(catalogue: Strings, titles: Strings) -> Ints:
    """Place of each title in an ascending catalogue; -1 for a title that it lacks."""
    if not len(catalogue) or not len(titles):
        return np.full(len(titles), -1, np.int32)
    place = np.minimum(np.searchsorted(catalogue, titles), len(catalogue) - 1)
    return np.where(catalogue[place] == titles, place, -1).astype(np.int32)


def confidence(plays: Ints, timed_plays: Ints, watched_seconds: Ints, config: ConfidenceConfig) -> Floats:
    """Confidence 1 + alpha · log2(1 + full views) of each pair.

    Full views are the plays of unknown length, one each, and the watched seconds in units of a full view, at most one
    for each play that has a length. The logarithm keeps a title on repeat from drowning a viewer's other titles.
    """
    views = (plays - timed_plays) + np.minimum(timed_plays, watched_seconds / config.full_view_seconds)
    return np.asarray(1 + config.alpha * np.log2(1 + views), np.float32)


def _strings(values: Sequence[str] | pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not isinstance(values, pa.Array):
        return pa.array(values, pa.string())
    return values.cast(pa.string())


def _sorted(values: pa.Array) -> pa.Array:
    unique = pc.unique(_strings(values))
    return unique.take(pc.sort_indices(unique))
