"""Released counts of titles by day, as all models of this room read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from ..interactions import Bools, Floats, Ints, Strings
from .readings import read_back

LONG_AGO = -36_500
"""Where nothing tells when a title was released."""

Rows = tuple[Sequence[str], Floats, Floats]
"""Titles, values and upper ends of one released day."""


@dataclass(frozen=True)
class Traits:
    """What the catalogue says of a title, as far as it says it: what new titles are compared by."""

    genre: str = ""
    creator: str = ""
    kind: str = ""
    released: date | None = None


@dataclass(frozen=True)
class Panel:
    """Noisy counts (days, titles), below zero too, NaN where nothing was released; the scale of each day's noise;
    the place of each title's day of release among the days (below 0: before them); and what the catalogue says."""

    days: tuple[date, ...]
    titles: Strings
    counts: Floats
    noise: Floats
    launched: Ints
    traits: tuple[Traits, ...]

    def __len__(self) -> int:
        return len(self.days)

    def until(self, day: int) -> Panel:
        """The first so many days: what was known then."""
        return replace(self, days=self.days[:day], counts=self.counts[:day], noise=self.noise[:day])

    def ages(self, first: int, last: int) -> Ints:
        """Days since release (days, titles), from one place among the days to before another; below 0: not yet."""
        return np.arange(first, last)[:, None] - self.launched[None, :]

    def seen(self) -> Bools:
        """Which counts there are (days, titles)."""
        return ~np.isnan(self.counts)


def panel_of(released: Iterable[tuple[date, Rows]], catalogue: dict[str, Traits]) -> Panel:
    """A panel from released days in order. Days that are missing between them are NaN; so are a title's days before it
    was listed. Titles of the catalogue without a released count are in it, titles that left the catalogue are not."""
    rows = list(released)
    titles = np.array(sorted(catalogue), np.str_)
    place = {title: n for n, title in enumerate(titles.tolist())}
    first = rows[0][0] if rows else None
    length = 0 if first is None else (rows[-1][0] - first).days + 1
    days = () if first is None else tuple(first + timedelta(days=n) for n in range(length))
    counts, noise = np.full((length, len(titles)), np.nan), np.full(length, np.nan)
    for day, (names, value, high) in rows:
        at = (day - days[0]).days
        found = read_back(value, high)
        columns = np.array([place.get(name, -1) for name in names], np.int64)
        counts[at, columns[columns >= 0]] = found.counts[columns >= 0]
        noise[at] = found.noise
    if length:
        noise = _filled(noise)
    traits = tuple(catalogue[title] for title in titles.tolist())
    return Panel(days, titles, counts, noise, _launched(days, traits, counts), traits)


def _launched(days: Sequence[date], traits: Sequence[Traits], counts: Floats) -> Ints:
    """By the catalogue where it says so; else by a title's first released day, where that is not the table's first."""
    launched = np.full(len(traits), LONG_AGO, np.int64)
    if not days:
        return launched
    there = ~np.isnan(counts)
    first = np.where(there.any(axis=0), there.argmax(axis=0), len(days))
    for n, each in enumerate(traits):
        if each.released is not None:
            launched[n] = max(LONG_AGO, (each.released - days[0]).days)
        elif first[n] > 0:
            launched[n] = first[n]
    return launched


def _filled(noise: Floats) -> Floats:
    """A missing day's noise as that of the day before it, which none of its own counts asks for."""
    known = np.flatnonzero(~np.isnan(noise))
    at = np.maximum(np.searchsorted(known, np.arange(len(noise)), side="right") - 1, 0)
    return np.asarray(noise[known[at]])
