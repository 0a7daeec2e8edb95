"""Weekdays and declared holidays: factors that multiply a title's level, drawn together by what noise allows.

The weekday profile of all titles together is found from their daily totals; a title's own is drawn towards it by
empirical Bayes, w = t / (t + v), t the spread of titles' profiles that noise does not account for and v the variance
of the title's own. Declared holidays share one factor, drawn towards 1 by how few of them were seen. The first two
weeks after a title's release are left out: there it is the release that makes one day unlike another.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from ..interactions import Bools, Floats, Ints
from .panel import Panel

WEEK = 7
_HOLIDAY_PRIOR, _WEEKDAY_PRIOR = 0.3**2, 0.25**2
_CERTAIN = 3.0
"""Totals below so many scales of their own noise tell no profile."""
_LEAST, _MOST = 0.2, 5.0
_SETTLED, _LEAST_WEEKS = 14, 2


@dataclass(frozen=True)
class Calendar:
    """Factors (weekday, titles), weekdays from Monday, of mean 1; and that of a holiday."""

    weekdays: Floats
    holiday: float
    holidays: frozenset[date]

    def factors(self, first: date, length: int) -> Floats:
        """Factors (days, titles) of so many days."""
        days = [first + timedelta(days=n) for n in range(length)]
        weekly = self.weekdays[[day.weekday() for day in days]]
        return np.asarray(weekly * np.where([day in self.holidays for day in days], self.holiday, 1.0)[:, None])


def calendar_of(panel: Panel, holidays: Collection[date]) -> Calendar:
    """Factors from a panel; all 1 where it is shorter than two weeks or its totals do not stand out of the noise."""
    declared, titles = frozenset(holidays), len(panel.titles)
    plain = Calendar(np.ones((WEEK, titles)), 1.0, declared)
    if len(panel) < 2 * WEEK or not titles:
        return plain
    weekday = np.array([day.weekday() for day in panel.days])
    free = np.array([day in declared for day in panel.days])
    counts = np.where(panel.ages(0, len(panel)) >= _SETTLED, panel.counts, np.nan)
    total, variance = _totals(counts, panel.noise)
    base = _weekly_mean(np.where(free, np.nan, total)[:, None])[:, 0]
    usable = ~np.isnan(total) & ~np.isnan(base) & (base > _CERTAIN * np.sqrt(variance))
    if usable.sum() < WEEK:
        return plain
    shared = _shared(total, base, variance, weekday, usable & ~free)
    holiday = _holiday(total, base * shared[weekday], variance, usable & free)
    return Calendar(_own(counts, panel.noise, weekday, free, shared), holiday, declared)


def _totals(counts: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """All titles together by day, and the variance of the noise in them; NaN where nothing was released."""
    there = ~np.isnan(counts)
    total = np.where(there.any(axis=1), np.nansum(counts, axis=1), np.nan)
    return total, there.sum(axis=1) * noise**2


def _weekly_mean(values: Floats) -> Floats:
    """Centred means over seven days (days, columns); where days are missing or it is an end, over those there are,
    each weekday once: NaN where a week around a day cannot be found."""
    length = len(values)
    padded = np.full((length + 2 * WEEK, values.shape[1]), np.nan)
    padded[WEEK:-WEEK] = values
    # A missing day, or one beyond an end, stands as the same weekday of the nearest week that has it.
    for shift in (WEEK, -WEEK):
        moved = np.roll(padded, shift, axis=0)
        padded = np.where(np.isnan(padded), moved, padded)
    windows = np.stack([padded[WEEK - 3 + n : WEEK - 3 + n + length] for n in range(WEEK)])
    return np.asarray(windows.mean(axis=0))


def _shared(total: Floats, base: Floats, variance: Floats, weekday: Ints, usable: Bools) -> Floats:
    factors = np.ones(WEEK)
    for day in range(WEEK):
        at = usable & (weekday == day)
        if not at.any():
            continue
        ratio = total[at] / base[at]
        scatter = float(ratio.var()) if at.sum() > 1 else _WEEKDAY_PRIOR
        doubt = max(scatter, float((variance[at] / base[at] ** 2).mean())) / int(at.sum())
        factors[day] = 1 + (float(ratio.mean()) - 1) * _WEEKDAY_PRIOR / (_WEEKDAY_PRIOR + doubt)
    return np.asarray(factors / factors.mean())


def _holiday(total: Floats, expected: Floats, variance: Floats, usable: Bools) -> float:
    if not usable.any():
        return 1.0
    ratio = total[usable] / expected[usable]
    doubt = (_HOLIDAY_PRIOR + float((variance[usable] / expected[usable] ** 2).mean())) / len(ratio)
    factor = 1 + (float(ratio.mean()) - 1) * _HOLIDAY_PRIOR / (_HOLIDAY_PRIOR + doubt)
    return float(np.clip(factor, _LEAST, _MOST))


def _own(counts: Floats, noise: Floats, weekday: Ints, free: Bools, shared: Floats) -> Floats:
    """Each title's own profile, drawn towards that of all."""
    counts = np.where(free[:, None], np.nan, counts)
    base = np.maximum(_weekly_mean(counts), 0.0)
    there = ~np.isnan(counts) & ~np.isnan(base)
    own, doubt = np.ones((WEEK, counts.shape[1])), np.full((WEEK, counts.shape[1]), np.inf)
    for day in range(WEEK):
        at = (weekday == day)[:, None] & there
        watched, expected = np.where(at, counts, 0).sum(axis=0), np.where(at, base, 0).sum(axis=0)
        variance = (at * (noise**2)[:, None]).sum(axis=0) + np.maximum(watched, 0)
        known = (expected > 0) & (at.sum(axis=0) >= _LEAST_WEEKS)
        own[day, known] = watched[known] / expected[known]
        doubt[day, known] = variance[known] / expected[known] ** 2
    apart = own - shared[:, None]
    certain = np.isfinite(doubt) & (doubt < _WEEKDAY_PRIOR)
    spread = float((apart[certain] ** 2 - doubt[certain]).mean()) if certain.any() else 0.0
    drawn = shared[:, None] + np.where(spread > 0, spread / (max(spread, 0.0) + doubt), 0.0) * apart
    drawn = np.clip(drawn, _LEAST, _MOST)
    return np.asarray(drawn / drawn.mean(axis=0))
