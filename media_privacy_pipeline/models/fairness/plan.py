"""What a period's count of exposure is about, all of it public: groups of titles, and how much they were watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, ConfigDict

from ..inputs import Title
from ..interactions import Floats, Strings

UNKNOWN = "unknown"
CREATOR, GENRE, REACH = "creator", "genre", "reach"
FACETS = (CREATOR, GENRE, REACH)
HEAD, TAIL = "head", "long tail"


@dataclass(frozen=True)
class Watched:
    """Released viewers of a title, added up over days, and the standard deviation of their noise."""

    viewers: float
    deviation: float


class Plan(BaseModel):
    """The catalogue as it was on the night that the period was drawn. `titles`: of each title its creator, genres and
    whether it is of the long tail; `watched`: of each title the released viewers over `days` days and the deviation."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: str
    titles: dict[str, tuple[str, tuple[str, ...], bool]]
    watched: dict[str, tuple[float, float]]
    days: int

    @classmethod
    def of(
        cls,
        period: str,
        catalogue: Mapping[str, Title],
        tail: frozenset[str],
        watched: Mapping[str, Watched],
        days: int,
    ) -> Plan:
        """From the catalogue and open counts."""
        titles = {
            key: (title.creator or UNKNOWN, title.genres or (UNKNOWN,), key in tail)
            for key, title in sorted(catalogue.items())
        }
        counts = {key: (each.viewers, each.deviation) for key, each in sorted(watched.items())}
        return cls(period=period, titles=titles, watched=counts, days=days)

    @property
    def groups(self) -> list[tuple[str, str]]:
        """(facet, group) of each column, in order."""
        found = {CREATOR: {each[0] for each in self.titles.values()}}
        found |= {GENRE: {genre for each in self.titles.values() for genre in each[1]}, REACH: {HEAD, TAIL}}
        return [(facet, group) for facet in FACETS for group in sorted(found[facet])]

    @property
    def names(self) -> Strings:
        """The titles, ascending."""
        return np.array(sorted(self.titles), np.str_)

    def shares(self) -> Floats:
        """Each title's part in each group, shape (titles, groups): in each facet the parts of a title add up to 1."""
        column = {group: n for n, group in enumerate(self.groups)}
        parts = np.zeros((len(self.titles), len(column)))
        for row, name in enumerate(self.names.tolist()):
            creator, genres, tail = self.titles[name]
            parts[row, column[CREATOR, creator]] = 1
            parts[row, column[REACH, TAIL if tail else HEAD]] = 1
            for genre in set(genres):
                parts[row, column[GENRE, genre]] = 1 / len(set(genres))
        return parts
