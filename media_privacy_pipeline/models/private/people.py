"""Whom a training looks at, through sums of whole numbers alone: the same wherever the people are and are added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ...privacy.noise import Integers
from ..interactions import Floats, Interactions, Ints, Strings
from .config import PrivateAlsConfig
from .statistics import Statistics, statistics
from .together import title_counts, watched_together


class People(Protocol):
    """Viewers with histories over titles, and how many viewers the account of each has."""

    @property
    def titles(self) -> Strings:
        """The titles, ascending."""
        ...

    def over(self, titles: Strings) -> People:
        """The same viewers over a part of the titles."""
        ...

    def counts(self, config: PrivateAlsConfig) -> Integers:
        """See together.title_counts."""
        ...

    def together(self, weights_by_title: Floats) -> Integers:
        """See together.watched_together."""
        ...

    def statistics(self, item_factors: Floats, config: PrivateAlsConfig, weights_by_title: Floats) -> Statistics:
        """See statistics.statistics."""
        ...


@dataclass(frozen=True)
class InMemory:
    """Viewers of one machine's memory; `profiles` is 1 for each where nothing is given."""

    histories: Interactions
    profiles: Ints | None = None

    @property
    def titles(self) -> Strings:
        """See People.titles."""
        return self.histories.titles

    def over(self, titles: Strings) -> InMemory:
        """See People.over."""
        return InMemory(self.histories.over(titles), self.profiles)

    def counts(self, config: PrivateAlsConfig) -> Integers:
        """See People.counts."""
        return title_counts(self.histories, config, self.profiles)

    def together(self, weights_by_title: Floats) -> Integers:
        """See People.together."""
        return watched_together(self.histories, weights_by_title, self.profiles)

    def statistics(self, item_factors: Floats, config: PrivateAlsConfig, weights_by_title: Floats) -> Statistics:
        """See People.statistics."""
        return statistics(self.histories, item_factors, config, weights_by_title, self.profiles)
