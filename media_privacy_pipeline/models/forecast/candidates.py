"""Ways to forecast that the backtest compares: each a function from what was known to means and their errors."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
from scipy.special import betainc

from ..interactions import Floats
from .analogues import Prior, prior_of
from .calendar import WEEK, calendar_of
from .config import ForecastConfig
from .launch import FLAT, Curve, curve_of
from .levels import Ahead, Levels, ahead, filtered
from .panel import Panel

_WEEKS = 4
_LEAST_VARIANCE = 0.02
_LARGE, _HALF = 50.0, 0.5


@dataclass(frozen=True)
class Known:
    """What is known at the end of a panel, found once for all candidates: factors of its days and of those ahead, the
    launch curve, the prior, and the scale of noise to come."""

    panel: Panel
    config: ForecastConfig
    factors: Floats
    curve: Curve
    prior: Prior
    noise: float

    @property
    def ahead(self) -> Floats:
        """Calendar factors (days, titles) of the days that are forecast; 0 on those before a title's release."""
        length = len(self.panel)
        out = self.panel.ages(length, length + self.config.horizon) >= 0
        return np.asarray(self.factors[length:] * out)

    @cached_property
    def flat(self) -> tuple[Levels, Ahead]:
        """Local levels and what they lead to, as if no title ever fell after its release."""
        return self._levels(FLAT)

    @cached_property
    def launched(self) -> tuple[Levels, Ahead]:
        """The same by the launch curve."""
        return self._levels(self.curve) if self.curve.titles else self.flat

    def _levels(self, curve: Curve) -> tuple[Levels, Ahead]:
        length = len(self.panel)
        steps = curve.steps(self.panel.ages(0, length + self.config.horizon))
        levels = filtered(self.panel, self.factors, steps, self.prior, self.config)
        return levels, ahead(levels, self.ahead, steps[length:], self.noise, self.config)


@dataclass(frozen=True)
class Forecast:
    """Means (days, titles) of what people will watch, and the standard deviation of the error, noise to come apart."""

    mean: Floats
    deviation: Floats

    def released(self, noise: float) -> Floats:
        """The same deviation for what will be released, with noise drawn anew."""
        return np.asarray(np.sqrt(self.deviation**2 + noise**2))


def known_of(panel: Panel, holidays: Collection[date], config: ForecastConfig) -> Known:
    """Learn what candidates share from a panel of one day or more."""
    calendar = calendar_of(panel, holidays)
    factors = calendar.factors(panel.days[0], len(panel) + config.horizon)
    curve = curve_of(panel, factors[: len(panel)])
    noise = float(panel.noise[-WEEK:].mean())
    return Known(panel, config, factors, curve, prior_of(panel, factors, curve), noise)


def seasonal_naive(known: Known) -> Forecast:
    """The same weekday of the last week again: what every other way has to beat. Its error is that of the weeks before,
    and never less than the noise of the count that it repeats."""
    panel, horizon = known.panel, known.config.horizon
    last = _padded(panel, known.prior)
    means = last[np.arange(horizon) % WEEK]
    noise = panel.noise[-WEEK:].mean() ** 2
    moved = _squares(panel)
    own = np.where(np.isnan(moved), np.maximum(means.mean(axis=0), 0), np.maximum(moved - 2 * noise, 0))
    weeks = 1 + np.arange(horizon) // WEEK
    variance = weeks[:, None] * np.maximum(own, _LEAST_VARIANCE) + noise
    return Forecast(means, np.sqrt(variance))


def seasonal_mean(known: Known) -> Forecast:
    """The mean of the last four weeks, by the calendar."""
    panel, horizon = known.panel, known.config.horizon
    length = min(len(panel), _WEEKS * WEEK)
    counts, factors = panel.counts[-length:], known.factors[len(panel) - length : len(panel)]
    there = ~np.isnan(counts) & (panel.ages(len(panel) - length, len(panel)) >= 0)
    days = there.sum(axis=0)
    level = np.where(there, counts, 0).sum(axis=0) / np.maximum(np.where(there, factors, 0).sum(axis=0), 1e-9)
    level = np.where(days > 0, level, known.prior.mean)
    beside = np.where(there, counts - factors * level, 0)
    squares = (beside**2).sum(axis=0) / np.maximum(days - 1, 1)
    own = np.maximum(np.where(days > 1, squares, known.prior.variance) - known.noise**2, np.maximum(level, 0))
    own = np.maximum(own, _LEAST_VARIANCE)
    doubt = (own + known.noise**2) / np.maximum(days, 1)
    return Forecast(known.ahead * level, np.broadcast_to(np.sqrt(own + doubt), (horizon, len(level))))


def level(known: Known) -> Forecast:
    """Local levels and the calendar (levels.py)."""
    return Forecast(known.flat[1].mean, np.sqrt(known.flat[1].variance))


def level_and_launch(known: Known) -> Forecast:
    """Local levels, the calendar, and the launch curve."""
    return Forecast(known.launched[1].mean, np.sqrt(known.launched[1].variance))


def level_median(known: Known) -> Forecast:
    """The same, but its middle in place of its mean: as likely more as less. The chance of a day's count is taken as
    negative binomial; what rarely happens has a mean above 0 and the middle 0, which errs less."""
    found = known.launched[1]
    return Forecast(medians(found.mean, found.chance), np.sqrt(found.variance))


def medians(mean: Floats, variance: Floats) -> Floats:
    """Medians of negative binomial counts, of large means by the gamma distribution (Wilson and Hilferty 1931)."""
    mean = np.maximum(mean, 0.0)
    more = np.maximum(variance - mean, mean * 1e-6 + 1e-9)
    size = np.maximum(mean**2 / more, 1e-9)
    found = mean * np.maximum(1 - 1 / np.maximum(9 * mean**2 / np.maximum(variance, 1e-9), 1.0), 0.0) ** 3
    # The distribution function at k is the incomplete beta function (size, k + 1); a median is no higher than its mean.
    left = np.flatnonzero(mean < _LARGE)
    flat, sizes, means = found.reshape(-1), size.reshape(-1), mean.reshape(-1)
    for k in range(int(_LARGE) + 1):
        reached = betainc(sizes[left], k + 1, sizes[left] / (sizes[left] + means[left])) >= _HALF
        flat[left[reached]] = k
        left = left[~reached]
        if not len(left):
            break
    return np.asarray(found)


CANDIDATES: Mapping[str, Callable[[Known], Forecast]] = {
    "seasonal_naive": seasonal_naive,
    "seasonal_mean": seasonal_mean,
    "level": level,
    "level_and_launch": level_and_launch,
    "level_median": level_median,
}
"""By the name that title_forecast and forecast_backtest tell."""
NAIVE, FALLBACK = "seasonal_naive", "level_and_launch"


def _padded(panel: Panel, prior: Prior) -> Floats:
    """The last count of each place in the week (7, titles), oldest first; where there is none, the mean of those there
    are, or what titles like it have."""
    found = np.full((WEEK, len(panel.titles)), np.nan)
    for back in range(min(len(panel), _WEEKS * WEEK)):
        place = WEEK - 1 - back % WEEK
        found[place] = np.where(np.isnan(found[place]), panel.counts[-1 - back], found[place])
    there = ~np.isnan(found)
    mean = np.where(there, found, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return np.asarray(np.where(there, found, np.where(there.any(axis=0), mean, prior.mean)))


def _squares(panel: Panel) -> Floats:
    """Mean square of what changed from week to week (titles,); NaN where no week follows another."""
    if len(panel) <= WEEK:
        return np.full(len(panel.titles), np.nan)
    moved = (panel.counts[WEEK:] - panel.counts[:-WEEK]) ** 2
    there = ~np.isnan(moved)
    sums = np.where(there, moved, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return np.asarray(np.where(there.any(axis=0), sums, np.nan))


def days_ahead(panel: Panel, horizon: int) -> list[date]:
    """The days that follow a panel."""
    return [panel.days[-1] + timedelta(days=n + 1) for n in range(horizon)]
