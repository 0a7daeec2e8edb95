"""Expected audience by day, country, part of the day and genre: one table that agrees with three released margins.

No released table has all four at once, and a table that had would be paid for. Each pair or triple that is released is
a margin of it:

    weekday x country x part of the day    audience_daily, viewers: the scale of everything
    country x genre                        genre_weekly, as shares within a country
    weekday x genre                        title_daily by the catalogue's first genre, as shares within a weekday

Iterative proportional fitting (Deming and Stephan 1940) gives the table of largest entropy that has these margins:
where a country's taste and a genre's weekdays are known, and how they go together is not, it takes them as
independent. That is an assumption, and no interval holds it. Intervals hold the noise of all margins, and how much
weekdays differ from week to week: the fit is made anew over margins with noise of their scales added, and the draws'
quantiles are told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..interactions import Floats
from .config import ForecastConfig

_ROUNDS, _CLOSE = 50, 1e-6
_NOTHING = 1e-12


@dataclass(frozen=True)
class Margin:
    """Estimates that may lie below zero, and the standard deviation of each."""

    value: Floats
    deviation: Floats


@dataclass(frozen=True)
class Margins:
    """audience (weekday, country, daypart), taste (country, genre), week (weekday, genre). Without a released count of
    taste or week, theirs is None, and it says nothing."""

    audience: Margin
    taste: Margin | None
    week: Margin | None
    genres: int


@dataclass(frozen=True)
class Plan:
    """Viewers and ends of their interval, each (weekday, country, daypart, genre), and the largest relative distance
    of the fit from its margins."""

    viewers: Floats
    low: Floats
    high: Floats
    left: float


def planned(margins: Margins, config: ForecastConfig) -> Plan:
    """Fit the margins, and draws around them."""
    fitted, left = _fit(margins, None)
    chance = np.random.default_rng(config.seed)
    draws = np.stack([_fit(margins, chance)[0] for _ in range(config.slot_draws)])
    tail = (1 - config.interval) / 2
    low, high = np.quantile(draws, [tail, 1 - tail], axis=0)
    return Plan(fitted, np.minimum(low, fitted), np.maximum(high, fitted), left)


def _fit(margins: Margins, chance: np.random.Generator | None) -> tuple[Floats, float]:
    audience = _drawn(margins.audience, chance)
    countries, total = audience.sum(axis=(0, 2)), float(audience.sum())
    shape = (*audience.shape, margins.genres)
    if total <= 0:
        return np.zeros(shape), 0.0
    taste: Floats = np.ones((shape[1], margins.genres))
    if margins.taste is not None:
        taste = _drawn(margins.taste, chance)
    # A country of which no genre stands out has everybody's taste.
    everyone = taste.sum(axis=0) if taste.sum() > 0 else np.ones(margins.genres)
    taste = np.where(taste.sum(axis=1, keepdims=True) > 0, taste, everyone)
    taste = countries[:, None] * taste / taste.sum(axis=1, keepdims=True)
    days = audience.sum(axis=(1, 2))
    week: Floats = np.outer(days, taste.sum(axis=0)) / total
    if margins.week is not None:
        seen = _drawn(margins.week, chance)
        # Margins must agree on what they share, or no table has them all: first on days and genres alone.
        week = _two_ways(np.where(seen > 0, seen, _NOTHING * total), days, taste.sum(axis=0))
    return proportional(audience, taste, week)


def proportional(audience: Floats, taste: Floats, week: Floats) -> tuple[Floats, float]:
    """The table (weekday, country, daypart, genre) with three margins that agree on what they share, and the largest
    distance that is left, over the total. Starts from independence of genre and part of the day in each country."""
    total = max(float(audience.sum()), _NOTHING)
    shares = taste / np.maximum(taste.sum(axis=1, keepdims=True), _NOTHING)
    table = audience[..., None] * shares[None, :, None, :]
    left = 0.0
    for _ in range(_ROUNDS):
        table = table * _factor(week, table.sum(axis=(1, 2)))[:, None, None, :]
        table = table * _factor(taste, table.sum(axis=(0, 2)))[None, :, None, :]
        table = table * _factor(audience, table.sum(axis=3))[..., None]
        left = max(
            float(np.abs(table.sum(axis=(1, 2)) - week).max()),
            float(np.abs(table.sum(axis=(0, 2)) - taste).max()),
        )
        if left <= _CLOSE * total:
            break
    return table, left / total


def _two_ways(seed: Floats, rows: Floats, columns: Floats) -> Floats:
    table = seed
    for _ in range(_ROUNDS):
        table = table * _factor(rows, table.sum(axis=1))[:, None]
        table = table * _factor(columns, table.sum(axis=0))[None, :]
        if np.abs(table.sum(axis=1) - rows).max() <= _CLOSE * rows.sum():
            break
    return table


def _factor(wanted: Floats, found: Floats) -> Floats:
    return np.asarray(np.where(found > 0, wanted / np.maximum(found, _NOTHING), 0.0))


def _drawn(margin: Margin, chance: np.random.Generator | None) -> Floats:
    value = margin.value
    if chance is not None:
        value = value + margin.deviation * chance.standard_normal(value.shape)
    return not_negative(value)


def not_negative(value: Floats) -> Floats:
    """The nearest table without a value below zero that has the same sum (Euclidean projection); 0 where that is below
    zero. Cutting each value at zero by itself would add what noise took away, and tell too many viewers."""
    total, flat = float(value.sum()), np.sort(value.ravel())[::-1]
    if total <= 0:
        return np.zeros(value.shape)
    over = (np.cumsum(flat) - total) / np.arange(1, len(flat) + 1)
    kept = int(np.flatnonzero(flat > over)[-1])
    return np.asarray(np.maximum(value - over[kept], 0.0))
