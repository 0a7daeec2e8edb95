"""Histories of many viewers as rectangles, each viewer's padding decided by their own history alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..base import NOBODY
from ..interactions import Floats, Interactions, Ints

_CELLS = 4_000_000
"""Doubles in the largest array of a batch (32 MB)."""


@dataclass(frozen=True)
class Padded:
    """Some viewers' titles and what they weigh, shape (viewers, length), filled up with -1 and 0."""

    columns: Ints
    weights: Floats

    @property
    def inside(self) -> np.typing.NDArray[np.bool_]:
        """Where a title is."""
        return np.asarray(self.columns != NOBODY)

    @property
    def empty(self) -> np.typing.NDArray[np.bool_]:
        """Who has no title."""
        return np.asarray((self.columns == NOBODY).all(axis=1))


def pad(histories: Interactions, weights: Floats, rows: Ints) -> Padded:
    """The viewers `rows` of histories, with the given weights of all pairs, padded to the longest of them."""
    lengths = histories.lengths[rows]
    place = np.arange(int(padded_lengths(lengths).max(initial=0)))[None, :]
    inside = place < lengths[:, None]
    at = np.where(inside, histories.starts[rows][:, None] + place, 0)
    if not histories.pairs:
        return Padded(np.full(at.shape, NOBODY, np.int32), np.zeros(at.shape))
    columns = np.where(inside, histories.columns[at], NOBODY).astype(np.int32)
    return Padded(columns, np.where(inside, weights[at], 0.0).astype(np.float64))


def padded_batches(histories: Interactions, cells: int, cells_per_title: int) -> Iterator[Ints]:
    """Rows by the padded length of their history, in groups whose arrays stay small.

    A viewer takes `cells` doubles, or `cells_per_title` for each title of the padded history where that is more.
    """
    padded = padded_lengths(histories.lengths)
    for length in np.unique(padded).tolist():
        rows = np.flatnonzero(padded == length)
        step = max(1, _CELLS // max(length * cells_per_title, cells, 1))
        for first in range(0, len(rows), step):
            yield rows[first : first + step]


def padded_lengths(lengths: Ints) -> Ints:
    """The next power of two; 0 for an empty history.

    A viewer's padding must not depend on who else is in the batch: floating-point sums of another length differ in
    their last digit, and somebody else's leaving would change this viewer's bytes.
    """
    powers = 1 << np.ceil(np.log2(np.maximum(lengths, 1))).astype(np.int64)
    return np.where(lengths > 0, powers, 0)


def top_reasons(added: Floats, columns: Ints) -> tuple[Floats, Ints, Floats]:
    """Scores, reasons and shares (viewers, k) from contributions (viewers, k, length) of the titles `columns`."""
    exact = added.sum(axis=2)
    if not added.shape[2]:
        return exact, np.full(exact.shape, NOBODY, np.int32), np.full(exact.shape, np.nan)
    top = added.argmax(axis=2)
    most = np.take_along_axis(added, top[:, :, None], axis=2)[:, :, 0]
    positive = np.maximum(added, 0).sum(axis=2)
    reasons = np.take_along_axis(columns, top, axis=1)
    some = most > 0
    shares = np.divide(most, positive, out=np.full(most.shape, np.nan), where=some)
    return exact, np.where(some, reasons, NOBODY).astype(np.int32), shares
