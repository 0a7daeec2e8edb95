"""Whether private factors may be shown: only if they beat popularity, by the same noisy counts, on held-out accounts.

That a table is shown or not tells of the comparison, and the comparison looks at people: so it is a paid noisy sum as
well. Accounts that are compared on are left out of the training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...privacy.noise import Noise
from ..base import Recommender
from ..evaluation.metrics import hits, recall
from ..evaluation.split import Split
from ..interactions import Floats, Ints, positions
from .accounting import LEAD_STEPS

K = 20
_CERTAIN = 1.6448536269514722


@dataclass(frozen=True)
class Decision:
    """`lead` is the noisy sum over accounts of how much more recall the private model has; `reach` is what noise alone
    passes once in twenty times."""

    lead: float
    reach: float

    @property
    def promoted(self) -> bool:
        """Whether the lead is more than noise would make of a model that is no better."""
        return self.lead > self.reach

    @property
    def reason(self) -> str:
        """Why, in words for the release."""
        word = "ahead of" if self.promoted else "not ahead of"
        return f"{word} noisy popularity: accounts' recall@{K} adds up to {self.lead:+.1f}, noise reaches {self.reach:.1f}"


def recalls(model: Recommender, split: Split) -> Floats:
    """Recall@K of each test viewer, shape (viewers,)."""
    ranked = model.recommend(split.histories, K).titles
    places = positions(split.test.titles, model.titles)
    listed = np.where(ranked < 0, -1, places[ranked])
    return recall(hits(listed, split.test), split.test.lengths, K)


def leads(own: Floats, floor: Floats, profiles: Ints) -> Ints:
    """Differences between -1 and 1 in LEAD_STEPS, rounded towards zero, each split among the account's viewers: an
    account adds up to LEAD_STEPS at most."""
    steps: Ints = np.trunc(np.clip(own - floor, -1, 1) * LEAD_STEPS / profiles).astype(np.int64)
    return steps


def decided(noisy: Ints, sigma: int) -> Decision:
    """From the noisy sum (one number) of all `leads`, with noise of a whole scale."""
    return Decision(float(noisy[0]) / LEAD_STEPS, _CERTAIN * sigma / LEAD_STEPS)


def drawn(found: Ints, sigma: int, noise: Noise) -> Ints:
    """The noisy sum of viewers' leads."""
    return noise(np.array([int(found.sum())], np.int64), sigma)
