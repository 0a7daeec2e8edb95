"""What each title of a history weighs when its viewer is scored: confidence, times how lately it was watched.

A weight depends on the viewer's own history alone. It is measured from their own latest title and not from today, so
that a viewer who was away for a year comes back to the same list.
"""

from __future__ import annotations

import numpy as np

from ..interactions import Floats, Interactions, Ints
from .config import HistoryConfig


def learned(interactions: Interactions, config: HistoryConfig, least: float | None = None) -> Floats:
    """Weight of each pair in learning: shape (pairs,), float32. Without ages all are of the same time; `least` is the
    least age of all pairs that are learned from, where these are a part of them."""
    return np.asarray(_confidences(interactions, config) * faded(interactions, config.learned_half_life_days, least))


def faded(interactions: Interactions, half_life_days: float | None, least: float | None = None) -> Floats:
    """What is left of each pair since the latest of all: shape (pairs,), float32; 1 without ages or a half-life."""
    if interactions.ages is None or half_life_days is None:
        return np.ones(interactions.pairs, np.float32)
    days = interactions.ages.astype(np.float64)
    return _halved((days - (days.min(initial=np.inf) if least is None else least)) / half_life_days)


def activations(histories: Interactions, config: HistoryConfig) -> Floats:
    """Weight of each pair in scoring: shape (pairs,), float32. Without ages no title is later than another."""
    weights = _confidences(histories, config)
    ages = histories.ages
    if ages is None or not histories.pairs:
        return weights
    decay = np.zeros(histories.pairs)
    if config.half_life_titles is not None:
        decay += later_titles(histories) / config.half_life_titles
    if config.half_life_days is not None:
        filled = np.flatnonzero(histories.lengths)
        latest = np.zeros(len(histories), np.float64)
        latest[filled] = np.minimum.reduceat(ages.astype(np.float64), histories.starts[filled])
        decay += (ages - latest[histories.rows]) / config.half_life_days
    return np.asarray(weights * _halved(decay))


def later_titles(histories: Interactions) -> Ints:
    """How many titles of the same viewer were watched after each one; of those at the same time, none is later."""
    ages = histories.ages
    if ages is None:
        return np.zeros(histories.pairs, np.int64)
    rows = histories.rows
    order = np.lexsort((ages, rows))
    first = np.ones(len(order), bool)
    first[1:] = (rows[order][1:] != rows[order][:-1]) | (ages[order][1:] != ages[order][:-1])
    place = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0)) - histories.starts[rows[order]]
    later = np.empty(len(order), np.int64)
    later[order] = place
    return later


def _confidences(interactions: Interactions, config: HistoryConfig) -> Floats:
    if config.confidence == "binary":
        return np.ones(interactions.pairs, np.float32)
    return interactions.weights.astype(np.float32)


def _halved(times: Floats) -> Floats:
    # Not to zero: what is all but forgotten is still a pair, and its title one that the viewer knows.
    return np.exp2(-np.minimum(times, 60.0)).astype(np.float32)
