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


Space = Mapping[str, Range | Choice]

SPACES: Mapping[str, Space] = {
    "ials": {
        "factors": Choice((16, 32, 48, 64, 96, 128)),
        "regularisation": Range(0.1, 300, log=True),
        "iterations": Range(5, 25, whole=True),
    },
}
"""By the name of the contender. A model without anything to set has none."""


def candidate(space: Space, seed: int, number: int) -> dict[str, Any]:
    """The configuration of a number, drawn from the seed and the number alone; number 0 is the defaults."""
    random = np.random.default_rng([seed, number])
    return {name: part.draw(random) for name, part in space.items()} if number else {}
