"""Noisy sums of leaves, groups and totals made to add up: weighted least squares on a tree. Post-processing alone.

The tree is given by levels: `parents[n]` is, for each node of level n, the number of its parent in level n + 1. The
fit is exact and takes two passes. Up, a node's own noisy sum and that of its children, which are independent, are
weighted by their precision. Down, what a parent's fit differs from its children's sum is shared out among them by
their variances. This is the best linear unbiased fit, and each variance is at most the one before it (Hay et al. 2010
for equal variances; Gauss and Markov).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .noise import Integers
from .ratios import Floats


def consistent(
    levels: Sequence[Floats], variances: Sequence[float], parents: Sequence[Integers]
) -> tuple[list[Floats], list[Floats]]:
    """The fit of each level and its variance, from the leaves up; levels[n] has independent noise of variances[n].

    len(parents) is len(levels) - 1. A node without children keeps what it has.
    """
    up, spread = [levels[0].astype(np.float64)], [np.full(levels[0].size, variances[0], np.float64)]
    sums, spreads = [], []
    for values, variance, parent in zip(levels[1:], variances[1:], parents, strict=True):
        summed = np.bincount(parent, up[-1], values.size)
        summed_spread = np.bincount(parent, spread[-1], values.size)
        told = summed_spread > 0
        own = np.where(told, summed_spread / (summed_spread + variance), 1.0)
        sums.append(summed)
        spreads.append(summed_spread)
        up.append(own * values + (1 - own) * summed)
        spread.append(own * variance)
    fit, left = [up[-1]], [spread[-1]]
    for n in range(len(parents) - 1, -1, -1):
        parent = parents[n]
        portion = spread[n] / spreads[n][parent]
        fit.append(up[n] + portion * (fit[-1] - sums[n])[parent])
        left.append(spread[n] - portion**2 * (spreads[n] - left[-1])[parent])
    return fit[::-1], left[::-1]


def nonnegative(levels: Sequence[Floats], parents: Sequence[Integers]) -> list[Floats]:
    """Levels that add up and are not negative, from such as add up: from the total down, a parent's children are moved
    to the nearest point (least squares) that is not negative and has the parent's sum."""
    found = [np.maximum(levels[-1], 0)]
    for n in range(len(parents) - 1, -1, -1):
        found.append(_onto_simplices(levels[n], parents[n], found[-1]))
    return found[::-1]


def whole(levels: Sequence[Floats], parents: Sequence[Integers]) -> list[Floats]:
    """Levels that add up, in whole numbers that add up: the total is rounded, and from there down each child is cut to
    a whole number, and those with the largest rest (the first, where they are equal) get one more until the sum is met.
    """
    found = [np.round(levels[-1])]
    for n in range(len(parents) - 1, -1, -1):
        parent, cut = parents[n], np.floor(levels[n])
        missing = found[-1] - np.bincount(parent, cut, found[-1].size)
        children = np.bincount(parent, minlength=found[-1].size)
        # A parent's own rounding is less than 1 away, so that each child gets 0 or 1, but for rounding in the floats.
        share = np.floor_divide(missing, np.maximum(children, 1))
        cut += share[parent]
        rest = (missing - share * children)[parent]
        found.append(cut + (_rank(parent, cut - levels[n]) < rest))
    return found[::-1]


def _onto_simplices(values: Floats, parent: Integers, sums: Floats) -> Floats:
    """Each parent's children onto {x >= 0, sum x = its sum}: the same threshold is taken off all, and what is below is
    0 (Held, Wolfe and Crowder 1974)."""
    order = np.lexsort([-values, parent])
    group, ordered = parent[order], values[order]
    first = np.searchsorted(group, group)
    running = np.cumsum(ordered)
    running -= (running - ordered)[first]
    rank = np.arange(group.size) - first + 1
    threshold = (running - sums[group]) / rank
    kept = np.bincount(group[ordered > threshold], minlength=sums.size)
    last = np.searchsorted(group, np.arange(sums.size)) + np.maximum(kept, 1) - 1
    taken = np.zeros(sums.size)
    there = np.bincount(group, minlength=sums.size) > 0
    taken[there] = threshold[last[there]]
    return np.maximum(values - taken[parent], 0)


def _rank(parent: Integers, key: Floats) -> NDArray[np.int64]:
    """Place of each node among the children of its parent, by key and then by number."""
    order = np.lexsort([np.arange(parent.size), key, parent])
    group = parent[order]
    rank = np.empty(parent.size, np.int64)
    rank[order] = np.arange(parent.size) - np.searchsorted(group, group)
    return rank
