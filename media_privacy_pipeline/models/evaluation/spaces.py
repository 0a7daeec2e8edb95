"""What `tune` may try of each model: ranges and choices of the fields of its configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included; `log`: every factor alike as often; `whole`: whole numbers alone."""

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def draw(self, random: np.random.Generator) -> float | int:
        """One of them, to four digits."""
        if self.log:
            value = float(np.exp(random.uniform(np.log(self.low), np.log(self.high))))
        else:
            value = float(random.uniform(self.low, self.high))
        return round(value) if self.whole else min(max(float(f"{value:.4g}"), self.low), self.high)


@dataclass(frozen=True)
class Choice:
    """One of these values."""

    values: tuple[Any, ...]

    def draw(self, random: np.random.Generator) -> Any:
        """One of them."""
        return self.values[int(random.integers(len(self.values)))]


_ORDER = Choice((None, None, 5.0, 20.0, 80.0))
"""Later titles of a viewer that halve what an earlier one weighs; half of the candidates go without."""
_AGE = Choice((None, None, 30.0, 180.0, 720.0))
"""Days that halve what a pair weighs in learning. Without timestamps, this and the order are no matter."""

Space = Mapping[str, Range | Choice]

SPACES: Mapping[str, Space] = {
    "ials": {
        "factors": Choice((16, 32, 64, 128)),
        "regularisation": Range(0.001, 0.3, log=True),
        "unobserved": Range(0.02, 1, log=True),
        "iterations": Range(8, 24, whole=True),
        "half_life_titles": _ORDER,
        "learned_half_life_days": _AGE,
    },
    "popularity": {"half_life_days": Range(1, 2_000, log=True)},
    "ease": {"regularisation": Range(20, 3_000, log=True), "half_life_titles": _ORDER, "learned_half_life_days": _AGE},
    "item_knn": {
        "neighbours": Range(20, 500, log=True, whole=True),
        "shrink": Range(0.1, 300, log=True),
        "half_life_titles": _ORDER,
        "learned_half_life_days": _AGE,
    },
    "rp3beta": {
        "neighbours": Range(20, 500, log=True, whole=True),
        "alpha": Range(0.3, 2),
        "beta": Range(0, 1),
        "half_life_titles": _ORDER,
        "learned_half_life_days": _AGE,
    },
    "successors": {
        "half_life_titles": Range(0.3, 30, log=True),
        "window": Range(1, 30, whole=True),
        "decay": Range(0.3, 1),
        "backward": Range(0, 1),
        "shrink": Range(1, 100, log=True),
        "beta": Range(0, 1),
    },
}
"""By the kind of model. A model without anything to set has none."""


def candidate(space: Space, seed: int, number: int) -> dict[str, Any]:
    """The configuration of a number, drawn from the seed and the number alone; number 0 is the defaults."""
    random = np.random.default_rng([seed, number])
    return {name: part.draw(random) for name, part in space.items()} if number else {}
