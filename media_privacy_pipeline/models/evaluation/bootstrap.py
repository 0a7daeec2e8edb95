"""Means over viewers when the viewers are drawn again (Efron 1979), and a jackknife for what is no mean."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..interactions import Floats, Ints

_CELLS = 4_000_000
"""Weights in memory at a time (32 MB)."""


def means(values: Floats) -> Floats:
    """Mean of each column over the viewers that have a figure in it (NaN: none); NaN where nobody has."""
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0).sum(axis=0)
    return np.asarray(np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0))


def resampled_means(values: Floats, resamples: int, seed: int) -> Floats:
    """`means` of each column of `values` (viewers, columns) under each resample: shape (resamples, columns).

    All columns share the resamples, so that differences of columns are paired.
    """
    random = np.random.default_rng(seed)
    n = len(values)
    known = ~np.isnan(values)
    partial = np.flatnonzero(~known.all(axis=0))
    filled = np.where(known, values, 0.0)
    drawn_means = np.empty((resamples, values.shape[1]))
    step = max(1, _CELLS // max(n, 1))
    for first in range(0, resamples, step):
        rows = range(min(step, resamples - first))
        drawn = np.stack([np.bincount(random.integers(0, n, n), minlength=n) for _ in rows]).astype(np.float64)
        part = drawn @ filled
        counts = np.full(part.shape, float(n))
        counts[:, partial] = drawn @ known[:, partial].astype(np.float64)
        empty = np.full(part.shape, np.nan)
        drawn_means[first : first + step] = np.divide(part, counts, out=empty, where=counts > 0)
    return drawn_means


def ends(resampled: Floats) -> tuple[Floats, Floats]:
    """The 95 % percentile interval of each column; NaN where a column has no figure."""
    low, high = np.full(resampled.shape[1], np.nan), np.full(resampled.shape[1], np.nan)
    known = ~np.isnan(resampled).all(axis=0)
    if known.any():
        low[known], high[known] = np.nanquantile(resampled[:, known], [0.025, 0.975], axis=0)
    return low, high


def jackknife(listed: Ints, titles: int, figure: Callable[[Floats], float], seed: int) -> tuple[float, float, float]:
    """A figure of how often each title is listed, with its 95 % interval by the delete-a-group jackknife (Kott 2001).

    For coverage and Gini, which a bootstrap would bias: a resample holds two thirds of the viewers. Fifty random groups
    of viewers (fewer where there are fewer viewers) are left out in turn. `listed` holds places, -1 for none. Both ends
    are NaN with a single viewer.
    """
    groups = min(50, len(listed))
    group = np.random.default_rng(seed).permutation(len(listed)) % max(groups, 1)
    counts = np.zeros((groups, titles))
    for g in range(groups):
        mine = listed[group == g]
        counts[g] = np.bincount(mine[mine >= 0], minlength=titles)
    every = counts.sum(axis=0)
    value = figure(every)
    if groups < 2:
        return value, np.nan, np.nan
    without = np.array([figure(every - counts[g]) for g in range(groups)])
    half = 1.959964 * float(np.sqrt((groups - 1) / groups * ((without - without.mean()) ** 2).sum()))
    return value, max(0.0, value - half), min(1.0, value + half)
