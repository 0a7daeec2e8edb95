"""Ratios of noisy sums with Fieller's intervals, by post-processing alone.

Fieller: with N and D noisy and jointly normal around n and d, N - sD is normal around 0 exactly where s = n/d. The
interval is every s that a normal test at the level does not refuse, so that it covers n/d at the level whatever d is.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..release_policy import TableStatement
from ..release_shapes import Ratio
from .mechanism import mechanism_of
from .noise import Integers

Floats: TypeAlias = NDArray[np.float64]

Z = NormalDist().inv_cdf(1 - 0.05 / 2)


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Covariance:
    """Variances of a noisy numerator and denominator, and their covariance; scalars or arrays of the sums' shape."""

    of: Floats | float
    over: Floats | float
    both: Floats | float


def fieller(of: Floats, over: Floats, noise: Covariance, least: float, most: float, z: float = Z) -> Estimate:
    """of / over with its interval at `z` (95 % by default), inside least..most, which hold the true ratio.

    Where the denominator cannot be told from 0, or is below it, the interval is all of least..most.
    """
    a = over**2 - z**2 * noise.over
    b = of * over - z**2 * noise.both
    told = (a > 0) & (over > 0)
    # b² - ac with c = of² - z² var(of), multiplied out, since of the difference of the squares rounding alone is left.
    # Where a > 0 the test accepts s = of/over, so that the roots are real.
    inner = of**2 * noise.over - 2 * of * over * noise.both + over**2 * noise.of
    inner = inner - z**2 * (noise.of * noise.over - noise.both**2)
    safe = np.where(told, a, 1.0)
    reach = z * np.sqrt(np.maximum(inner, 0)) / safe
    low = np.where(told, np.clip(b / safe - reach, least, most), least)
    high = np.where(told, np.clip(b / safe + reach, least, most), most)
    middle = np.where(over > 0, of / np.where(over > 0, over, 1.0), (least + most) / 2)
    return Estimate(np.clip(middle, low, high), low, high)


def cell_ratios(statement: TableStatement, ratio: Ratio, values: Integers) -> Estimate:
    """A statement's ratio in each cell, from the noisy sums of `values` (measures, cells).

    Both sums hold the noise of the count that centres them. The weighting's debiasing cancels: what is covered is the
    ratio of the weighted, clipped sums.
    """
    (of, of_own, of_count), (over, over_own, over_count) = (
        _parts(statement, name, values) for name in (ratio.of, ratio.over)
    )
    counted = float(mechanism_of(statement).counts_sigma) ** 2
    noise = Covariance(
        of_own**2 + of_count**2 * counted, over_own**2 + over_count**2 * counted, of_count * over_count * counted
    )
    above, below = statement.measures[ratio.of], statement.measures[ratio.over]
    smallest = 1 if below.of is None else below.least
    found = fieller(of, over, noise, above.least / below.most, above.most / smallest)
    return Estimate(found.value / ratio.per, found.low / ratio.per, found.high / ratio.per)


def _parts(statement: TableStatement, name: str, values: Integers) -> tuple[Floats, float, float]:
    """A measure's noisy sum, the scale of its own noise, and how many times it holds the count's."""
    mechanism = mechanism_of(statement)
    number = next(n for n, part in enumerate(mechanism.sums) if part.name == name)
    part, sums = mechanism.sums[number], values[number].astype(np.float64)
    if name == mechanism.counts:
        return sums, 0.0, 1.0
    if part.centre == 0:
        return sums, float(part.sigma), 0.0
    return sums + part.centre * values[mechanism.counts_place], float(part.sigma), float(part.centre)
