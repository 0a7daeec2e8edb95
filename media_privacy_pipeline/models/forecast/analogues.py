"""What a title is like before it was counted: the titles of its creator, its genre, its kind, and all others.

A title's level is that of its first day, found from its first four weeks with the launch curve and the calendar taken
out. Titles that were released within the panel are like one another, and the others among themselves: who has been
there for years says little of a premiere. The mean of all of these is refined by kind, genre and creator in turn, each
without the title itself, and each by n / (n + k) for the n others that it has (k = 2), so that a group of few says
little. What is left between titles, beside noise, is the variance of the prior.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..interactions import Bools, Floats, Ints
from .launch import Curve
from .panel import Panel

_DAYS = 28
_DRAWN, _NOTHING = 2.0, 1e-9
_LEAST = 0.05
"""Least standard deviation of the prior: of a service that nobody watches yet."""


@dataclass(frozen=True)
class Prior:
    """Level of each title on its first day (titles,), and its variance."""

    mean: Floats
    variance: Floats
    start: Ints
    """Place of the first day among the panel's."""


def prior_of(panel: Panel, factors: Floats, curve: Curve) -> Prior:
    """From a panel, the calendar's factors of its days and the launch curve. Without any count: a level of 0."""
    length, titles = len(panel), len(panel.titles)
    start = starts(panel)
    ages = panel.ages(0, length)
    since = np.arange(length)[:, None] - start[None, :]
    early = panel.seen() & (since >= 0) & (since < _DAYS)
    days = early.sum(axis=0)
    since_release = np.maximum(ages, 0)
    shape = factors[:length] * curve.at(since_release) / curve.at(np.maximum(start - panel.launched, 0))
    watched = np.where(early, panel.counts, 0).sum(axis=0)
    per = np.maximum(np.where(early, shape, 0).sum(axis=0), _NOTHING)
    levels = np.where(days > 0, watched / per, 0.0)
    doubts = (early * (panel.noise**2)[:, None]).sum(axis=0) + np.maximum(watched, 0)
    doubts = np.where(days > 0, doubts / per**2, 0.0)
    released = panel.launched >= 0
    old = _refined(panel, levels, (days > 0) & ~released, np.zeros(titles))
    new = _refined(panel, levels, (days > 0) & released, old)
    means = np.where(released, new, old)
    variance = np.zeros(titles)
    for pool in (released, ~released):
        apart = ((levels - means) ** 2 - doubts)[pool & (days > 0)]
        between = max(float(apart.mean()) if len(apart) else 0.0, _LEAST**2)
        # Of a small mean the spread can hardly be told apart from none: let titles differ by the mean itself.
        mean = float(np.abs(means[pool]).mean()) if pool.any() else 0.0
        variance[pool] = max(between, (0.5 * mean) ** 2)
    return Prior(np.maximum(means, 0), variance, start)


def starts(panel: Panel) -> Ints:
    """Place of each title's first day: that of its release where it lies among the panel's days or after them (what is
    counted before it is nobody), else of its first count; after the last day where it has none."""
    there, length = panel.seen(), len(panel)
    first = np.where(there.any(axis=0), there.argmax(axis=0), length) if length else np.zeros(len(panel.titles), int)
    return np.asarray(np.where(panel.launched >= 0, panel.launched, first))


def _refined(panel: Panel, levels: Floats, counted: Bools, others: Floats) -> Floats:
    """Means of the titles that were counted, by kind, genre and creator; few of them are drawn towards `others`."""
    means = _towards(["all"] * len(levels), levels, counted, others)
    groups = (
        [each.kind for each in panel.traits],
        [f"{each.kind}/{each.genre}" for each in panel.traits],
        [each.creator for each in panel.traits],
    )
    for names in groups:
        means = _towards(names, levels, counted, means)
    return np.asarray(means)


def _towards(names: Sequence[str], levels: Floats, counted: Bools, means: Floats) -> Floats:
    """Means moved towards those of the others of a group; who has no name has no group."""
    if not len(levels):
        return means
    distinct, group = np.unique(np.array(names, np.str_), return_inverse=True)
    size = np.bincount(group, counted, len(distinct))[group] - counted
    total = np.bincount(group, np.where(counted, levels, 0), len(distinct))[group] - np.where(counted, levels, 0)
    named = (distinct[group] != "") & (size > 0)
    own = total / np.maximum(size, 1)
    return np.asarray(np.where(named, means + size / (size + _DRAWN) * (own - means), means))
