"""Local levels of all titles at once, by Kalman filters that know the noise: what a title's audience is beside it.

    y[t] = c[t] l[t] + e[t]     c: calendar;  var e = noise[t]² + c l + (s c l)²: drawn noise, chance, scatter of days
    l[t] = d[t] l[t-1] + w[t]      d: launch curve;  var w = (q l)²

The noise of released counts is known, so it is no parameter. How much levels move (q) and days scatter (s) is not:
every pair of a grid has a filter of its own, and a title's forecast is their mean by likelihood, with the pairs'
commonness among all titles as prior (empirical Bayes by expectation maximisation). So a title whose counts tell little
behaves as titles do. (Harvey 1989, chapter 3; West and Harrison 1997, 12.2, on mixtures of such models.)

Each day's count is also compared with what the days before it led to expect. `surprises` are standard normal as long
as a title goes on as forecast, and emerging_titles rests on them. On the last days, among which a rise is looked for,
the weights stay as they were before: else the pairs that follow every jump would take over at once, and nothing that
jumps would surprise anybody for longer than a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from ..interactions import Floats
from .analogues import Prior
from .config import ForecastConfig
from .panel import Panel

_LEAST_VARIANCE = 0.02
"""Of a day's count: nothing is certain, even where nobody ever watched and no noise is drawn."""
_LEAST_LEVEL, _OF_NOISE = 0.02, 0.05
"""A level moves by a share of itself, and where it is near zero by a share of this, or of the noise."""
_LEAST_DAYS = 7


@dataclass(frozen=True)
class Levels:
    """After a panel's last day: level and variance (pairs, titles) and the weight of each pair. Of each day (days,
    titles): what was expected, the standard deviation of what is released, and the surprise; NaN where no count is."""

    mean: Floats
    variance: Floats
    weights: Floats
    expected: Floats
    deviation: Floats
    surprises: Floats


@dataclass(frozen=True)
class Ahead:
    """Means and variances (days, titles), and the part of these that is chance and the scatter of days."""

    mean: Floats
    variance: Floats
    chance: Floats


def filtered(panel: Panel, factors: Floats, steps: Floats, prior: Prior, config: ForecastConfig) -> Levels:
    """Run the filters over a panel. `factors` and `steps` are those of its days, or of more."""
    walks, scatters = (np.array(each)[:, None] for each in zip(*_pairs(config), strict=True))
    titles, length = len(panel.titles), len(panel)
    held = length - window_of(length, config)
    enough, kept = panel.seen()[:held].sum(axis=0) >= _LEAST_DAYS, _weights(np.zeros((len(walks), titles)), 0.0)
    shape = (len(walks), titles)
    mean, variance = np.broadcast_to(prior.mean, shape).copy(), np.broadcast_to(prior.variance, shape).copy()
    likelihood = np.zeros(shape)
    told = np.full((3, length, titles), np.nan)
    for t in range(length):
        going = t > prior.start
        if going.any():
            step = np.where(going, steps[t], 1.0)
            mean, variance = _ahead(mean, variance, step, walks * going, float(panel.noise[t]))
        c, y, noise = factors[t], panel.counts[t], float(panel.noise[t]) ** 2
        there = ~np.isnan(y) & (t >= prior.start)
        predicted = c * mean
        spread = c**2 * variance + noise + _own_variance(predicted, scatters)
        if t < held:
            kept = _weights(likelihood, 0.0)
        elif t == held:
            kept = _weights(likelihood, np.log(_common(likelihood, enough, config.rounds))[:, None])
        weights = kept
        middle = (weights * predicted).sum(axis=0)
        wide = (weights * (spread + predicted**2)).sum(axis=0) - middle**2
        error = np.where(there, y - predicted, 0.0)
        told[0, t], told[1, t] = middle, np.sqrt(np.maximum(wide, _LEAST_VARIANCE))
        told[2, t] = np.where(there, y - middle, np.nan) / told[1, t]
        gain = np.where(there, c * variance / spread, 0.0)
        mean, variance = mean + gain * error, variance * (1 - c * gain)
        likelihood += np.where(there, -0.5 * (np.log(spread) + error**2 / spread), 0.0)
    common = _common(likelihood, panel.seen().sum(axis=0) >= _LEAST_DAYS, config.rounds)
    return Levels(mean, variance, _weights(likelihood, np.log(common)[:, None]), told[0], told[1], told[2])


def window_of(length: int, config: ForecastConfig) -> int:
    """How many last days a rise is looked for among: none before there is something to expect by."""
    return max(0, min(config.rising_days, length - config.least_history))


def ahead(levels: Levels, factors: Floats, steps: Floats, noise: float, config: ForecastConfig) -> Ahead:
    """What people will watch, noise apart, on the days of the given factors."""
    walks, scatters = (np.array(each)[:, None] for each in zip(*_pairs(config), strict=True))
    mean, variance, weights = levels.mean, levels.variance, levels.weights
    means, variances, chances = (np.zeros(factors.shape) for _ in range(3))
    for h, (c, step) in enumerate(zip(factors, steps, strict=True)):
        mean, variance = _ahead(mean, variance, step, walks, noise)
        predicted = c * mean
        own = _own_variance(predicted, scatters)
        means[h] = (weights * predicted).sum(axis=0)
        variances[h] = (weights * (c**2 * variance + own + predicted**2)).sum(axis=0) - means[h] ** 2
        chances[h] = (weights * own).sum(axis=0)
    return Ahead(means, np.maximum(variances, _LEAST_VARIANCE), chances)


def _pairs(config: ForecastConfig) -> list[tuple[float, float]]:
    return list(product(config.walks, config.scatters))


def _ahead(mean: Floats, variance: Floats, step: Floats, walks: Floats, noise: float) -> tuple[Floats, Floats]:
    mean = mean * step
    least = max(_LEAST_LEVEL, _OF_NOISE * noise)
    return mean, variance * step**2 + (walks * np.maximum(mean, least)) ** 2


def _own_variance(predicted: Floats, scatters: Floats) -> Floats:
    """Chance (people come one by one) and the scatter of days."""
    above = np.maximum(predicted, 0.0)
    return np.asarray(above + (scatters * above) ** 2 + _LEAST_VARIANCE)


def _weights(likelihood: Floats, prior: Floats | float) -> Floats:
    whole = likelihood + prior
    raised = np.exp(whole - whole.max(axis=0))
    return np.asarray(raised / raised.sum(axis=0))


def _common(likelihood: Floats, enough: np.ndarray, rounds: int) -> Floats:
    """How common each pair is among titles with enough days; all alike where there are none."""
    common = np.full(len(likelihood), 1 / len(likelihood))
    if enough.any():
        # One title more of each pair: no pair is ruled out by what few titles showed.
        for _ in range(rounds):
            found = _weights(likelihood[:, enough], np.log(common)[:, None]).sum(axis=1)
            common = (found + 1 / len(common)) / (found.sum() + 1)
    return common
