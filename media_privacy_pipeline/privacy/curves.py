"""Curves and quantiles of a value whose accounts were counted between fixed cuts. Post-processing alone.

`counts` are noisy counts of accounts by cell and range, shape (cells, ranges), of independent noise of one scale. A
cell's curve is the share of its accounts in range j or above; it falls, and noise may make it rise, so that it is put
in order by pooling adjacent violators (isotonic regression with equal weights).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .ratios import Covariance, Estimate, Floats, Z, fieller


def pooled(values: Floats) -> Floats:
    """The rows that fall and are nearest to `values`, shape (rows, columns), in least squares.

    By the min-max formula: at i the least, over starts s <= i, of the most, over ends e >= i, of the mean from s to e.
    Rows are many and columns few, so that it is taken for all rows at once.
    """
    columns = values.shape[1]
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    fitted = np.full(values.shape, np.inf)
    for start in range(columns):
        means = (sums[:, start + 1 :] - sums[:, start : start + 1]) / np.arange(1, columns - start + 1)
        best = np.maximum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        fitted[:, start:] = np.minimum(fitted[:, start:], best)
    return fitted


def curve(counts: Floats, sigma: float) -> Estimate:
    """Share of a cell's accounts that reached each cut, shape (cells, ranges - 1), with 95 % intervals (Fieller's).

    The interval holds the value: it is widened where putting the curve in order led out of it.
    """
    ranges = counts.shape[1]
    above = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
    held = sigma**2 * np.arange(ranges, 0, -1.0)
    found = fieller(above[:, 1:], above[:, :1], Covariance(held[1:], held[0], held[1:]), 0.0, 1.0)
    value = pooled(found.value)
    return Estimate(value, np.minimum(found.low, value), np.maximum(found.high, value))


def quantiles(counts: Floats, sigma: float, edges: Sequence[int], fractions: Sequence[float]) -> Estimate:
    """Quantiles of each cell, shape (cells, fractions), with 95 % intervals; `edges` are 0, the cuts, and the most.

    The value is read off the ordered curve, straight between edges. The quantile at p is at or above a cut where the
    accounts above it times p are at least those below it times 1 - p: a sum with normal noise. Cuts are tried from the
    lowest up until one is not certain (at 97.5 %), and from the highest down: by trying them in order an end is wrong
    only where the first true cut is, so that many cuts cost no certainty.
    """
    shares = curve(counts, sigma).value
    whole = np.concatenate([np.ones((len(shares), 1)), shares, np.zeros((len(shares), 1))], axis=1)
    ends = [_ends(counts, sigma, edges, p) for p in fractions]
    value = np.stack([_read_off(whole, np.asarray(edges, np.float64), 1 - p) for p in fractions], axis=1)
    low = np.stack([each[0] for each in ends], axis=1)
    high = np.stack([each[1] for each in ends], axis=1)
    return Estimate(np.clip(value, low, high), low, high)


def _ends(counts: Floats, sigma: float, edges: Sequence[int], p: float) -> tuple[Floats, Floats]:
    ranges = counts.shape[1]
    above = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1][:, 1:]
    below = np.cumsum(counts, axis=1)[:, :-1]
    inside = np.arange(1, ranges)
    balance = (p * above - (1 - p) * below) / (sigma * np.sqrt(p * p * (ranges - inside) + (1 - p) ** 2 * inside))
    first = _leading(balance > Z)
    last = ranges - _leading(balance[:, ::-1] < -Z)
    at = np.asarray(edges, np.float64)
    return at[first], at[np.maximum(last, first + 1)]


def _leading(sure: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many columns from the left are all true, by row."""
    count: NDArray[np.int64] = np.logical_and.accumulate(sure, axis=1).sum(axis=1)
    return count


def _read_off(whole: Floats, edges: Floats, share: float) -> Floats:
    """The value that `share` of a cell's accounts reached, where `whole` falls from 1 at the first edge to 0."""
    place = np.maximum((whole > share).sum(axis=1), 1)
    rows = np.arange(len(whole))
    left, right = whole[rows, place - 1], whole[rows, place]
    part = np.where(left > right, (left - share) / np.where(left > right, left - right, 1.0), 0.0)
    read: Floats = edges[place - 1] + np.clip(part, 0, 1) * (edges[place] - edges[place - 1])
    return read
