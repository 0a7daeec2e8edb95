"""A small service whose true audience is known, as the packaged policy's title_daily would tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from media_privacy_pipeline.models.forecast.panel import Panel, Rows, Traits, panel_of
from media_privacy_pipeline.privacy.estimate import rounded, scaled
from media_privacy_pipeline.privacy.ratios import Estimate

FIRST = date(2026, 1, 5)
"""A Monday."""
WEEK = np.array([0.8, 0.8, 0.9, 1.0, 1.1, 1.3, 1.1])
Counts = NDArray[np.float64]


@dataclass
class Service:
    """Titles by their level of a day; released on a day of the world or long before it (None)."""

    levels: Counts
    days: int = 70
    noise: float = 30.0
    ratio: float = 1.2
    seed: int = 1
    released: dict[int, int] = field(default_factory=dict)
    creators: dict[int, str] = field(default_factory=dict)
    decay: float = 10.0
    raised: dict[int, tuple[int, float]] = field(default_factory=dict)
    """Titles whose audience grows by a factor from a day on."""

    def titles(self) -> list[str]:
        return [f"t{n:04d}" for n in range(len(self.levels))]

    def means(self, length: int | None = None) -> Counts:
        """Expected audience (days, titles)."""
        length = length or self.days
        week = WEEK[np.arange(length) % 7]
        found = np.outer(week, self.levels).astype(np.float64)
        for n, day in self.released.items():
            age = np.arange(length) - day
            found[:, n] *= np.where(age < 0, 0.0, 0.3 + 2.0 * np.exp(-np.maximum(age, 0) / self.decay))
        for n, (day, factor) in self.raised.items():
            found[day:, n] *= factor
        return found

    def true(self) -> Counts:
        """What people watched."""
        chance = np.random.default_rng(self.seed)
        return chance.poisson(self.means()).astype(np.float64)

    def told(self) -> list[tuple[date, Rows]]:
        """The released days, by the code that releases them."""
        chance = np.random.default_rng(self.seed + 1)
        found: list[tuple[date, Rows]] = []
        for n, row in enumerate(self.true()):
            raw = row / self.ratio + np.round(chance.normal(0, self.noise, len(row)))
            ends = Estimate(np.array(self.ratio), np.array(self.ratio * 0.97), np.array(self.ratio * 1.03))
            told = rounded("viewers", scaled(raw, self.noise, ends), 0)
            found.append((FIRST + timedelta(days=n), (self.titles(), told["viewers"], told["viewers_high"])))
        return found

    def catalogue(self) -> dict[str, Traits]:
        return {
            name: Traits(
                genre=("drama", "comedy")[n % 2],
                creator=self.creators.get(n, ""),
                kind="film",
                released=FIRST + timedelta(days=self.released[n]) if n in self.released else None,
            )
            for n, name in enumerate(self.titles())
        }

    def panel(self) -> Panel:
        return panel_of(self.told(), self.catalogue())
