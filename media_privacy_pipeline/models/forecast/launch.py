"""How the audience of a title goes on after its release: one curve by age, chained from the titles that show it.

From one part of a title's life to the next, the ratio of the mean audience over all titles that were counted in both;
each ratio is drawn towards 1 by its noise (a normal prior on its logarithm). Between the middles of two parts the
curve is exponential, so that a day's factor is known for every age; after the last part it is 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..interactions import Floats, Ints
from .panel import Panel

PARTS = (0, 3, 7, 14, 28, 56, 112)
"""Ages in days at which parts of a title's life begin; the last lies after the curve."""
_PRIOR = 0.5**2
_CERTAIN = 2.0
_MIDDLES = np.array([(a + b - 1) / 2 for a, b in pairwise(PARTS)])


@dataclass(frozen=True)
class Curve:
    """Logarithm of the audience at the middle of each part of a title's life, that of the first being 0."""

    levels: Floats
    titles: int
    """Titles that the first ratio was found from."""

    def at(self, ages: Ints) -> Floats:
        """The audience at an age, as a multiple of that at release."""
        return np.asarray(np.exp(np.interp(ages, _MIDDLES, self.levels)))

    def steps(self, ages: Ints) -> Floats:
        """By what the audience is multiplied from the day before to the day of an age; 1 before the release."""
        return np.asarray(np.where(ages > 0, self.at(ages) / self.at(ages - 1), 1.0))


FLAT = Curve(np.zeros(len(_MIDDLES)), 0)


def curve_of(panel: Panel, factors: Floats) -> Curve:
    """The curve that the titles released within a panel show; flat where none does. `factors` are the calendar's."""
    if not len(panel) or not len(panel.titles):
        return FLAT
    ages = panel.ages(0, len(panel))
    counts = panel.counts / factors
    there, logs, seen = panel.seen(), np.zeros(len(_MIDDLES)), 0
    noise = np.broadcast_to((panel.noise**2)[:, None], counts.shape)
    means, variances, known = [], [], []
    for first, last in pairwise(PARTS):
        at = there & (ages >= first) & (ages < last)
        days = at.sum(axis=0)
        safe = np.maximum(days, 1)
        means.append(np.where(at, counts, 0).sum(axis=0) / safe)
        variances.append(np.where(at, noise, 0).sum(axis=0) / safe**2)
        # A part of which half was not counted yet would be compared by its better or its worse half.
        known.append(days >= max(1, (last - first) // 2))
    for n in range(len(_MIDDLES) - 1):
        both = known[n] & known[n + 1]
        before, after = float(means[n][both].sum()), float(means[n + 1][both].sum())
        v_before, v_after = float(variances[n][both].sum()), float(variances[n + 1][both].sum())
        step = 0.0
        if before > _CERTAIN * v_before**0.5 and after > _CERTAIN * v_after**0.5 and both.any():
            # Titles differ in how they fall: one of them says as much as the prior does.
            doubt = v_before / before**2 + v_after / after**2 + _PRIOR / int(both.sum())
            step = float(np.log(after / before)) * _PRIOR / (_PRIOR + doubt)
            seen = max(seen, int(both.sum()))
        logs[n + 1] = logs[n] + step
    return Curve(logs, seen)
