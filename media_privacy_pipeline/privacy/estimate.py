"""From noisy sums to published measures: undoing centre and weight, intervals, rounding. Costs no privacy.

What an interval covers, with 95 % or more: r · (sum over accounts of weight · clipped value), where r is the
partition's ratio of min(cells, K) to weighted cells, summed over accounts. That is the true clipped sum where a cell's
accounts were weighted like the average account; it does not cover how much a cell differs from that. Of the 5 %,
4.5 % go to the cell's noise and 0.5 % to the ratio's: where the ratio is known well, coverage is 95.5 %.
"""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist

import numpy as np
import pyarrow as pa

from ..release_policy import TableStatement
from .cell_cuts import beyond, bias_of, undone
from .mechanism import Mechanism, mechanism_of
from .noise import Integers
from .ratios import Covariance, Estimate, Floats, cell_ratios, fieller
from .weights import ONE

CELL_Z = NormalDist().inv_cdf(1 - 0.045 / 2)
_RATIO_Z = NormalDist().inv_cdf(1 - 0.005 / 2)
_SHARE_Z = NormalDist().inv_cdf(1 - 0.05 / 2)
_SHARE_DECIMALS = 4
_RATIO_DECIMALS = 4


def measures_of(statement: TableStatement, cells: pa.Table, values: Integers, totals: Integers) -> pa.Table:
    """The published rows: the cells, then m, m_low, m_high of each measure m, from noisy sums and totals.

    Measures are not negative; counts are rounded to whole numbers, others to hundredths, intervals outwards.
    """
    mechanism = mechanism_of(statement)
    ratio = ratio_of(mechanism, totals)
    columns: dict[str, Floats] = {}
    bias = None if mechanism.cut is None else bias_of(mechanism, values, ratio)
    for number, (name, measure) in enumerate(statement.measures.items()):
        raw, scale = uncentred(mechanism, values, number)
        unit = ONE * measure.per
        if bias is None:
            debiased = scaled(raw / unit, scale / unit, ratio)
        elif name == mechanism.counts:
            own = undone(mechanism, values, ratio, bias)
            debiased = Estimate(own.value / unit, own.low / unit, own.high / unit)
        else:
            # Relative to the day's ratio a cell's bias is taken to be that of its count.
            reach = bias.reach(raw / float(ratio.value), scale)
            debiased = scaled(raw / unit, scale / unit, ratio, reach / unit)
        if bias is not None:
            # Of each account beyond K cells at most this much is in no sum.
            more = beyond(mechanism, totals) * measure.most / measure.per
            debiased = Estimate(debiased.value, debiased.low, debiased.high + more)
        columns |= rounded(name, debiased, 0 if measure.per == 1 else 2)
        if measure.as_share:
            columns |= rounded("share", shares_of(raw, scale), _SHARE_DECIMALS)
    for name, ratio_of_two in statement.ratios.items():
        columns |= rounded(name, cell_ratios(statement, ratio_of_two, values), _RATIO_DECIMALS)
    table = cells
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column, pa.float64()))
    return table


def ratio_of(mechanism: Mechanism, totals: Integers) -> Estimate:
    """The ratio that undoes the weighting, 1 + cut / kept, and a 99.5 % interval (Fieller's), from the noisy totals.

    The interval lies between 1 and the mechanism's largest ratio, which hold whatever the data are.
    """
    kept, cut = totals[:2].astype(np.float64)
    variance = float(mechanism.totals_sigma) ** 2
    # In closed form: on a grid, the interval of a large service would fall between two points.
    found = fieller(cut, kept, Covariance(variance, variance, 0.0), 0.0, mechanism.largest_ratio - 1, _RATIO_Z)
    return Estimate(1 + found.value, 1 + found.low, 1 + found.high)


def shares_of(raw: Floats, scale: float) -> Estimate:
    """Each cell's share of the total, with a 95 % interval (Fieller's): the ratio and the unit cancel."""
    found = fieller(raw, np.asarray(raw.sum()), Covariance(scale**2, raw.size * scale**2, scale**2), 0.0, 1.0, _SHARE_Z)
    positive = np.maximum(raw, 0)
    total = positive.sum()
    value = positive / total if total > 0 else np.full(raw.size, 1 / raw.size)
    return Estimate(np.clip(value, found.low, found.high), found.low, found.high)


def uncentred(mechanism: Mechanism, values: Integers, number: int) -> tuple[Floats, float]:
    """Noisy weighted sums of one measure in 64ths of its column's unit, and the standard deviation of their noise."""
    part, sums = mechanism.sums[number], values[number].astype(np.float64)
    if part.centre == 0:
        return sums, float(part.sigma)
    scale = sqrt(part.sigma**2 + (part.centre * mechanism.counts_sigma) ** 2)
    return sums + part.centre * values[mechanism.counts_place].astype(np.float64), scale


def scaled(value: Floats, scale: float, ratio: Estimate, reach: Floats | None = None) -> Estimate:
    """Noisy values of one scale, debiased and not negative, with intervals that hold value and ratio at once; `reach`
    where an interval's half is not that of the noise alone."""
    half = CELL_Z * scale if reach is None else reach
    low, high = np.maximum(value - half, 0), np.maximum(value + half, 0)
    return Estimate(np.maximum(value, 0) * ratio.value, low * ratio.low, high * ratio.high)


def rounded(name: str, estimate: Estimate, decimals: int) -> dict[str, Floats]:
    """Columns name, name_low and name_high: the value rounded, its interval outwards."""
    unit = 10.0**decimals
    return {
        name: np.round(estimate.value * unit) / unit,
        f"{name}_low": np.floor(estimate.low * unit) / unit,
        f"{name}_high": np.ceil(estimate.high * unit) / unit,
    }
