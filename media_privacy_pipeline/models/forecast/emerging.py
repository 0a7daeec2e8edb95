"""Which titles rise beyond their forecast: an e-value for each, and the e-BH procedure over all of them.

While a title goes on as forecast, its surprises (levels.py) are independent and standard normal, or less spread. Then
exp(a S - n a²/2), S the sum of the n surprises from one day on, has mean 1 for every a and first day, and so has the
mean of these over first days among the last weeks and over several a: a one-sided mixture of Shiryaev and Roberts'
statistic (Shin, Ramdas and Rinaldo 2023, e-detectors). It is an e-value on every night, however many nights were
looked at before and whatever titles have to do with one another. Of N titles, e-BH (Wang and Ramdas 2022) lists the k
with the highest where the k-th is N / (k q) or more: the expected share of false alarms in a night's list is at most
q, and where nothing rises, the probability of any list is.

A surprise counts as 4 at most: that makes e-values smaller and so keeps them e-values, and no single day, however loud,
lists a title among some hundred by itself. A rise has to be there for two days.

Surprises are divided by what they were spread by before those weeks, where that is more than 1: a model that was too
sure of itself does not alarm. Only what is drawn is normal by construction; that the rest does no harm is measured
(benchmarks.forecast).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..interactions import Floats, Ints
from .config import ForecastConfig
from .levels import Levels, window_of
from .panel import Panel

_OWN_DAYS, _Z = 14, 1.6448536269514722
_LATELY, _NOTHING = 3, 1e-9
"""A rise that ended so many days ago is over."""


@dataclass(frozen=True)
class Rise:
    """A title above its forecast since a day: how much evidence (log10 of the e-value), and viewers a day beyond what
    was expected since then, with a 90 % interval; and what was expected a day."""

    title: int
    since: int
    evidence: float
    lift: float
    low: float
    high: float
    expected: float


def evidence(surprises: Floats, config: ForecastConfig) -> tuple[Floats, Ints]:
    """Logarithm of each title's e-value at the end of the days (days, titles), and the day that it speaks for most.
    Days without a count say nothing; without any day it is 0."""
    length, titles = surprises.shape
    window = window_of(length, config)
    if not window:
        return np.zeros(titles), np.zeros(titles, np.int64)
    recent = np.minimum(surprises[length - window :] / _spread(surprises[: length - window]), config.rising_most)
    there = ~np.isnan(recent)
    # Sums from each day to the last.
    sums = np.where(there, recent, 0)[::-1].cumsum(axis=0)[::-1]
    days = there[::-1].cumsum(axis=0)[::-1]
    shifts = np.array(config.rising_shifts)[:, None, None]
    parts = shifts * sums - days * shifts**2 / 2
    flat = parts.reshape(-1, titles)
    top = flat.max(axis=0)
    whole = top + np.log(np.exp(flat - top).mean(axis=0))
    return whole, np.asarray(length - window + parts.max(axis=0).argmax(axis=0))


def _spread(before: Floats) -> Floats:
    """By what surprises were spread before (titles,): 1 at least; of few days, as those of all titles were."""
    there = ~np.isnan(before)
    days, squares = there.sum(axis=0), np.where(there, before**2, 0).sum(axis=0)
    everyone = float(squares.sum() / max(int(days.sum()), 1))
    own = (squares + _OWN_DAYS * everyone) / (days + _OWN_DAYS)
    return np.asarray(np.sqrt(np.maximum(own, 1.0)))


def alarms(evidences: Floats, share: float) -> Ints:
    """Places of the titles that e-BH lists, from the most evidence down. `evidences` are logarithms."""
    order = np.argsort(-evidences, kind="stable")
    least = np.log(len(order)) - np.log(np.arange(1, len(order) + 1)) - np.log(share)
    passed = np.flatnonzero(evidences[order] >= least)
    return np.asarray(order[: passed[-1] + 1] if len(passed) else order[:0])


def rising(panel: Panel, factors: Floats, levels: Levels, config: ForecastConfig) -> list[Rise]:
    """The titles of a night that rise, from the most evidence down; what was above its forecast and is no more, or has
    no count lately, is not listed. `factors` are the calendar's of the panel's days, or of more."""
    if not len(panel.titles) or not len(panel):
        return []
    found, since = evidence(levels.surprises, config)
    told = []
    for place in alarms(found, config.false_discoveries).tolist():
        days = slice(int(since[place]), len(panel))
        # As expected on the day that it began: on later days the rise is part of what is expected.
        shape = factors[days, place] / max(float(factors[since[place], place]), _NOTHING)
        expected = np.maximum(levels.expected[since[place], place], 0.0) * shape
        beside = panel.counts[days, place] - expected
        there = ~np.isnan(beside)
        if not there.any() or np.nansum(beside[-_LATELY:]) <= 0:
            continue
        lift, told_days = float(beside[there].mean()), int(there.sum())
        half = _Z * float(np.sqrt((levels.deviation[days, place][there] ** 2).sum())) / told_days
        bounds = lift - half, lift + half, float(expected[there].mean())
        told.append(Rise(place, int(since[place]), float(found[place]) / np.log(10), lift, *bounds))
    return told
