"""What was drawn, from what was told: released counts before they were cut at zero, and the scale of their noise.

A release tells value = max(raw, 0) r and high = max(raw + z s, 0) r', with one r, r' and s for all cells of a day
(privacy/estimate.py). Over the cells above zero, high is a line in value: slope r'/r, intercept z s r'. So the day's
own rows tell the scale, and of a cell that was cut at zero its end still tells how far below zero it was, unless that
is more than z s: one in forty-four of the cells that nobody watched. Nothing is used but what every reader has.

Without this, cells that nobody watched would on average read 0.4 s, and sums over many of them far too much.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from ...privacy.estimate import CELL_Z
from ..interactions import Floats

_NORMAL = NormalDist()
_FARTHER = _NORMAL.pdf(CELL_Z) / _NORMAL.cdf(-CELL_Z)
"""Mean distance, in scales, of what is farther below zero than an interval reaches."""
_LEAST = 3


@dataclass(frozen=True)
class Read:
    """Noisy counts, below zero too, and the standard deviation of their noise, one for all of them."""

    counts: Floats
    noise: float


def read_back(value: Floats, high: Floats) -> Read:
    """The counts of the cells of one day (or period) and measure, from value and upper end. No cell: no noise."""
    above = value > 0
    slope, intercept = _line(value[above], high[above], high)
    half = intercept / slope
    below = np.minimum((high - intercept) / slope, 0.0)
    noise = half / CELL_Z
    counts = np.where(above, value, np.where(high > 0, below, -_FARTHER * noise))
    return Read(counts, noise)


def _line(value: Floats, high: Floats, everything: Floats) -> tuple[float, float]:
    """Slope and intercept of the upper ends over the values above zero."""
    if not len(value):
        # Nobody anywhere: half of what was drawn lies below zero, and its middle reads as zero.
        return 1.0, float(np.median(everything)) if len(everything) else 0.0
    spread = float(((value - value.mean()) ** 2).sum())
    slope = 1.0
    if len(value) >= _LEAST and spread > 0:
        slope = max(1.0, float(((value - value.mean()) * (high - high.mean())).sum()) / spread)
    return slope, max(0.0, float((high - slope * value).mean()))
