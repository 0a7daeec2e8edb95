"""From noisy sums to published measures: undoing centre and weight, intervals, rounding. Costs no privacy.

What an interval covers, with 95 % or more: r · (sum over accounts of weight · clipped value), where r is the
partition's ratio of min(cells, K) to weighted cells, summed over accounts. That is the true clipped sum where a cell's
accounts were weighted like the average account; it does not cover how much a cell differs from that. Of the 5 %,
4.5 % go to the cell's noise and 0.5 % to the ratio's: where the ratio is known well, coverage is 95.5 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..release_policy import TableStatement
from .mechanism import Mechanism, mechanism_of
from .noise import Integers
from .weights import ONE

Floats: TypeAlias = NDArray[np.float64]

_CELL_Z = NormalDist().inv_cdf(1 - 0.045 / 2)
_RATIO_Z = NormalDist().inv_cdf(1 - 0.005 / 2)
_SHARE_Z = NormalDist().inv_cdf(1 - 0.05 / 2)
_GRID = 2001
_SHARE_DECIMALS = 4


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; arrays of one shape."""

    value: Floats
    low: Floats
    high: Floats


def measures_of(statement: TableStatement, cells: pa.Table, values: Integers, totals: Integers) -> pa.Table:
    """The published rows: the cells, then m, m_low, m_high of each measure m, from noisy sums and totals.

    Measures are not negative; counts are rounded to whole numbers, others to hundredths, intervals outwards.
    """
    mechanism = mechanism_of(statement)
    ratio = ratio_of(mechanism, totals)
    columns: dict[str, Floats] = {}
    for number, (name, measure) in enumerate(statement.measures.items()):
        raw, scale = _uncentred(mechanism, values, number)
        scaled = _scaled(raw / (ONE * measure.per), scale / (ONE * measure.per), ratio)
        columns |= _rounded(name, scaled, 0 if measure.per == 1 else 2)
        if measure.as_share:
            columns |= _rounded("share", shares_of(raw, scale), _SHARE_DECIMALS)
    table = cells
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column, pa.float64()))
    return table


def ratio_of(mechanism: Mechanism, totals: Integers) -> Estimate:
    """The ratio that undoes the weighting, 1 + cut / kept, and a 99.5 % interval (Fieller's), from the noisy totals.

    The interval lies between 1 and the mechanism's largest ratio, which hold whatever the data are.
    """
    kept, cut = float(totals[0]), float(totals[1])
    grid = np.linspace(0.0, mechanism.largest_ratio - 1, _GRID)
    noise = _RATIO_Z * mechanism.totals_sigma * np.sqrt(1 + grid**2)
    low, high = _hull(grid, np.abs(cut - grid * kept) <= noise)
    middle = cut / kept if kept > 0 else (low + high) / 2
    return Estimate(1 + np.clip(middle, low, high), 1 + np.asarray(low), 1 + np.asarray(high))


def shares_of(raw: Floats, scale: float) -> Estimate:
    """Each cell's share of the total, with a 95 % interval (Fieller's): the ratio and the unit cancel."""
    grid = np.linspace(0.0, 1.0, _GRID)
    rest = raw.sum() - raw
    noise = _SHARE_Z * scale * np.sqrt((1 - grid) ** 2 + (raw.size - 1) * grid**2)
    bounds = [_hull(grid, np.abs(x * (1 - grid) - grid * y) <= noise) for x, y in zip(raw, rest, strict=True)]
    low, high = (np.array(each) for each in zip(*bounds, strict=True))
    positive = np.maximum(raw, 0)
    total = positive.sum()
    value = positive / total if total > 0 else np.full(raw.size, 1 / raw.size)
    return Estimate(np.clip(value, low, high), low, high)


def _uncentred(mechanism: Mechanism, values: Integers, number: int) -> tuple[Floats, float]:
    """Noisy weighted sums of one measure in 64ths of its column's unit, and the standard deviation of their noise."""
    part, sums = mechanism.sums[number], values[number].astype(np.float64)
    if part.centre == 0:
        return sums, float(part.sigma)
    count = next(n for n, each in enumerate(mechanism.sums) if each.name == mechanism.counts)
    scale = sqrt(part.sigma**2 + (part.centre * mechanism.sums[count].sigma) ** 2)
    return sums + part.centre * values[count].astype(np.float64), scale


def _scaled(value: Floats, scale: float, ratio: Estimate) -> Estimate:
    low, high = np.maximum(value - _CELL_Z * scale, 0), np.maximum(value + _CELL_Z * scale, 0)
    return Estimate(np.maximum(value, 0) * ratio.value, low * ratio.low, high * ratio.high)


def _hull(grid: Floats, accepted: NDArray[np.bool_]) -> tuple[float, float]:
    """The least interval of the grid that holds what was accepted, one step wider; the whole grid where nothing was."""
    places = np.flatnonzero(accepted)
    if places.size == 0:
        return float(grid[0]), float(grid[-1])
    return float(grid[max(places[0] - 1, 0)]), float(grid[min(places[-1] + 1, grid.size - 1)])


def _rounded(name: str, estimate: Estimate, decimals: int) -> dict[str, Floats]:
    unit = 10.0**decimals
    return {
        name: np.round(estimate.value * unit) / unit,
        f"{name}_low": np.floor(estimate.low * unit) / unit,
        f"{name}_high": np.ceil(estimate.high * unit) / unit,
    }
