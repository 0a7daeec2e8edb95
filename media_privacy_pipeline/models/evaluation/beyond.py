"""What lists do beside hitting: how much of the catalogue they show, how evenly, how popular, how novel, how true to
what a viewer watches."""

from __future__ import annotations

import numpy as np

from ..interactions import Floats, Interactions, Ints, Strings, positions

_SMOOTHING = 0.01
"""Part of the history's own distribution mixed into the list's, so that the divergence is finite (Steck 2018)."""


def covered(counts: Floats) -> float:
    """Share of titles that are listed at all, from how often each is listed."""
    return float(np.count_nonzero(counts) / len(counts)) if len(counts) else 0.0


def gini(counts: Floats) -> float:
    """Gini coefficient of how often each title of the catalogue is listed: 0 all alike, near 1 one title takes all."""
    n, total = len(counts), counts.sum()
    if not n or total == 0:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ np.sort(counts) / (n * total))


def average_popularity(listed: Ints, share: Floats) -> Floats:
    """Mean share of training viewers who watched a listed title, for each viewer; NaN for an empty list."""
    return _mean_over(listed, share)


def novelty(listed: Ints, share: Floats, viewers: int) -> Floats:
    """Mean self-information -log2(share) of a listed title in bits (Zhou et al. 2010); NaN for an empty list.

    A title that no training viewer watched counts as if one had.
    """
    return _mean_over(listed, -np.log2(np.maximum(share, 1 / max(viewers, 1))))


def miscalibration(listed: Ints, histories: Interactions, kinds: Floats, titles: Strings) -> Floats:
    """Kullback-Leibler divergence (nats) of a list's genres from those of the viewer's history (Steck 2018).

    `kinds` (titles, genres) shares out each title over its genres, rows of 0 for titles without. NaN for viewers whose
    history or list has no genre.
    """
    place = positions(titles, histories.titles)[histories.columns]
    known, wide = place >= 0, kinds.shape[1]
    before = np.zeros((len(histories), wide))
    np.add.at(before, histories.rows[known], kinds[place[known]])
    after = np.zeros((len(listed), wide))
    for column in listed.T:
        after += np.where((column >= 0)[:, None], kinds[np.maximum(column, 0)], 0)
    was, offered = before.sum(axis=1, keepdims=True), after.sum(axis=1, keepdims=True)
    p = np.divide(before, was, out=np.zeros_like(before), where=was > 0)
    q = np.divide(after, offered, out=np.zeros_like(after), where=offered > 0)
    mixed = (1 - _SMOOTHING) * q + _SMOOTHING * p
    ratio = np.divide(p, mixed, out=np.ones_like(p), where=p > 0)
    divergence = (p * np.log(ratio)).sum(axis=1)
    return np.where((was > 0)[:, 0] & (offered > 0)[:, 0], np.maximum(divergence, 0), np.nan)


def _mean_over(listed: Ints, of_title: Floats) -> Floats:
    there = listed >= 0
    values = np.where(there, of_title[np.maximum(listed, 0)], 0.0) if len(of_title) else np.zeros(listed.shape)
    count = there.sum(axis=1)
    return np.asarray(np.divide(values.sum(axis=1), count, out=np.full(len(listed), np.nan), where=count > 0))
