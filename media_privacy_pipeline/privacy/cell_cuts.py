"""Counts undone by what was cut from each cell itself, and intervals that hold what is left: post-processing alone.

A cell's true count is S + C: its weighted count, and what weighting cut from it. Both are released with noise; C's is
large, since it pays a small share. The day's ratio r says C = (r - 1) S on average over cells, and b = C - (r - 1) S is
the cell's own bias. How much cells differ, tau with b about tau S, is read off all cells' noisy b together; each cell's
own is then believed as far as its noise lets it. Nothing is assumed of how biases are distributed but their mean
square: the critical values are those of Armstrong, Kolesár and Plagborg-Møller (2022, robust empirical Bayes), which
hold on average over cells for every distribution that has it (docs/privacy-proofs.md, 7a).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np

from .mechanism import Mechanism
from .noise import Integers
from .ratios import Estimate, Floats

_MISSED = 0.045
"""As of intervals without cuts: .005 is the ratio's."""
_TOLD = NormalDist().inv_cdf(1 - 0.0005)
"""Deviations of noise from which on accounts beyond K cells are told of, and by which there may be more of them."""
_KNOWN = 4.0
"""Cells count for tau from so many standard deviations of their noise on."""
_FEWEST = 30
"""Of fewer cells nothing is told: they are undone by the ratio of the day, and intervals hold no bias of their own."""
_ROUNDS = 20
_NEAR, _LARGEST = 6.0, 40.0


@dataclass(frozen=True)
class CellBias:
    """How far cells' own ratios differ from the day's. squared: the mean square of b / S, with its estimate's error."""

    squared: float

    def reach(self, value: Floats, scale: Floats | float) -> Floats:
        """Half the interval of a value with noise of this scale whose bias is of this size, relative to `value`."""
        spread = np.maximum(np.asarray(scale, np.float64), np.finfo(np.float64).tiny)
        return critical(self.squared * np.square(np.maximum(value, 0) / spread)) * spread


def bias_of(mechanism: Mechanism, values: Integers, ratio: Estimate) -> CellBias:
    """The size of cells' own biases by their noisy counts and cuts; a standard error above the estimate, so that few or
    small cells, of which little is known, have wider intervals and not narrower ones. 0 where next to none is large."""
    count, own, noise = _parts(mechanism, values, ratio)
    counted = count > _KNOWN * mechanism.counts_sigma
    if counted.sum() < _FEWEST:
        return CellBias(0.0)
    size, excess = np.square(count[counted]), np.square(own[counted]) - noise
    found = spread = 0.0
    for _ in range(_ROUNDS):
        weight = size / np.square(noise + found * size)
        whole = float((weight * size).sum())
        found = max(0.0, float((weight * excess).sum()) / whole)
        spread = sqrt(2 * float((np.square(weight) * np.square(noise + found * size)).sum())) / whole
    # Every account's ratio lies between 1 and the largest, and so does every cell's.
    farthest = max(float(ratio.value) - 1, mechanism.largest_ratio - float(ratio.value))
    return CellBias(min(found + spread, farthest**2))


def undone(mechanism: Mechanism, values: Integers, ratio: Estimate, bias: CellBias) -> Estimate:
    """Counts of accounts in 64ths, with their intervals, from noisy weighted counts and noisy cuts."""
    count, own, noise = _parts(mechanism, values, ratio)
    day, counted = float(ratio.value), float(mechanism.counts_sigma) ** 2
    squared = bias.squared * np.square(np.maximum(count, 0))
    # The part of a cell's own noisy bias that is believed: the one of least mean squared error.
    part = (squared + counted * day * (day - 1)) / (squared + noise)
    middle = count * day + part * own
    scale = np.sqrt(counted * np.square(day - part * (day - 1)) + np.square(part * _cut_sigma(mechanism)))
    reach = critical(np.square(1 - part) * squared / np.square(scale)) * scale
    low, high = np.maximum(middle - reach, 0), np.maximum(middle + reach, 0)
    return Estimate(np.maximum(middle, 0), low * float(ratio.low) / day, high * float(ratio.high) / day)


def beyond(mechanism: Mechanism, totals: Integers) -> float:
    """The most accounts that may have more than K cells, where the totals tell of any; 0 where it may be noise alone.

    What such an account watches counts in each of its cells for less than one, so that no cell lacks more than this.
    """
    if not mechanism.beyond:
        return 0.0
    found, reach = float(totals[2]) / mechanism.beyond, _TOLD * mechanism.totals_sigma / mechanism.beyond
    return found + reach if found > reach else 0.0


def critical(bias: Floats) -> Floats:
    """For each mean squared bias, in variances of the noise: how many of its standard deviations an interval must
    reach to miss with a probability of `_MISSED` at most on average, however the bias is distributed."""
    squares, reaches = _critical_values()
    # Chebyshev's bound, which the values come near to.
    beyond = np.sqrt((1 + bias) / _MISSED)
    return np.where(bias > squares[-1], beyond, np.interp(bias, squares, reaches))


@lru_cache(maxsize=1)
def _critical_values() -> tuple[Floats, Floats]:
    """Mean squared biases, rising, and the critical value of each.

    P(|Z + b| > x) as a function of b² is convex and then concave; the worst law with a given mean of b² lies on 0 and
    on one other point, where the line from 0 touches it, or is a point itself beyond that.
    """
    least = NormalDist().inv_cdf(1 - _MISSED / 2)
    reaches = np.concatenate([np.linspace(least, _NEAR, 120), np.linspace(_NEAR, _LARGEST, 80)[1:]])
    squares = []
    for reach in reaches:
        biases = np.linspace(max(0.01, reach - 6), reach + 5, 300)
        at_none, missed = _missed(0.0, reach), np.array([_missed(bias, reach) for bias in biases])
        slopes = (missed - at_none) / np.square(biases)
        touched = int(np.argmax(slopes))
        square = max(0.0, (_MISSED - at_none) / float(slopes[touched]))
        if square > biases[touched] ** 2:
            square = float(np.interp(_MISSED, missed[touched:], biases[touched:])) ** 2
        squares.append(square)
    return np.maximum.accumulate(np.array(squares)), reaches


def _missed(bias: float, reach: float) -> float:
    """P(|Z + bias| > reach)."""
    return (erfc((reach - bias) / sqrt(2)) + erfc((reach + bias) / sqrt(2))) / 2


def _parts(mechanism: Mechanism, values: Integers, ratio: Estimate) -> tuple[Floats, Floats, float]:
    """Each cell's noisy weighted count and own bias, in 64ths, and the variance of the latter's noise."""
    count, cut = values[mechanism.counts_place].astype(np.float64), values[-1].astype(np.float64)
    beyond = float(ratio.value) - 1
    noise = _cut_sigma(mechanism) ** 2 + beyond**2 * float(mechanism.counts_sigma) ** 2
    return count, cut - beyond * count, noise


def _cut_sigma(mechanism: Mechanism) -> float:
    if mechanism.cut is None:
        raise ValueError("a statement without cut_budget tells nothing of what was cut")
    return float(mechanism.cut.sigma)
