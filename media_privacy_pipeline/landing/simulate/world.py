"""Everything that stays fixed over the days of one simulated zone, and the seeded streams that the days draw from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zlib import crc32

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .catalogue import Catalogue, make_catalogue
from .population import Population, make_population
from .tastes import Tastes

NEVER = 1 << 30
"""A day number after every simulated day."""


@dataclass(frozen=True)
class World:
    """A seed's people and titles.

    `gone_day` is the day of a household's verified erasure request, else NEVER; `consent_string` what its players in
    browsers send with each event, if anything.
    """

    seed: int
    first_day: date
    days: int
    catalogue: Catalogue
    population: Population
    tastes: Tastes
    gone_day: npt.NDArray[np.int64]
    consent_string: pa.Array

    def stream(self, name: str, day: int = 0) -> np.random.Generator:
        """Random numbers for one use on one day: no use disturbs another's, whatever the order."""
        return np.random.default_rng([self.seed, crc32(name.encode()), day])

    def date(self, day: int) -> date:
        """The date of a day number."""
        return self.first_day + timedelta(days=day)

    def epoch(self, day: int) -> int:
        """Seconds from 1970 to the start of a day, UTC."""
        return int(datetime.combine(self.date(day), time(), tzinfo=UTC).timestamp())

    @property
    def end(self) -> int:
        """Seconds from 1970 to the end of the last day, UTC."""
        return self.epoch(self.days)


def make_world(seed: int, first_day: date, days: int, households: int, titles: int) -> World:
    """The world of a seed; `requests.plan` and `consents.plan` fill in what they decide."""

    def stream(name: str) -> np.random.Generator:
        return np.random.default_rng([seed, crc32(name.encode()), 0])

    catalogue = make_catalogue(stream("catalogue"), titles, first_day, days)
    return World(
        seed=seed,
        first_day=first_day,
        days=days,
        catalogue=catalogue,
        population=make_population(stream("population"), households, first_day, days),
        tastes=Tastes(stream("tastes"), catalogue),
        gone_day=np.full(households, NEVER, dtype=np.int64),
        consent_string=pa.nulls(households, pa.string()),
    )
