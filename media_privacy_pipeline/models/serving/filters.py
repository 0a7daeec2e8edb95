"""Which titles a viewer may be offered: in the catalogue, rated for their age, not hidden by them.

What they saw is left out elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..config import ServingConfig
from ..interactions import Bools, Floats, Interactions, Ints, Strings

EVERYONE = 0
UNRATED = -1
"""A title without a rating is for everyone but kids profiles."""


@dataclass(frozen=True)
class Filters:
    """What each viewer of some histories may be offered.

    `minimum_age` gives each title that may be offered at all its rating in years, EVERYONE or UNRATED. `age_limit` is
    the highest rating of each viewer, in the order of the histories; `rated_only` marks who gets no unrated title.
    `hidden` has, row by row, the titles that each of them hid: nothing brings these back.
    """

    minimum_age: Mapping[str, int]
    age_limit: Ints
    rated_only: Bools
    hidden: Interactions | None = None

    def block(self, first: int, last: int) -> Filters:
        """The filters of viewers `first` to `last` (excluded)."""
        hidden = None if self.hidden is None else self.hidden.block(first, last)
        return Filters(self.minimum_age, self.age_limit[first:last], self.rated_only[first:last], hidden)

    def take(self, rows: Ints) -> Filters:
        """The filters of these viewers, in their order."""
        hidden = None if self.hidden is None else self.hidden.take(rows)
        return Filters(self.minimum_age, self.age_limit[rows], self.rated_only[rows], hidden)

    def among(self, titles: Collection[str]) -> Filters:
        """The same filters, with these titles alone let through at all."""
        return replace(self, minimum_age={title: age for title, age in self.minimum_age.items() if title in titles})

    def over(self, titles: Strings) -> Mask:
        """The filters on the titles of a model, in their order."""
        ages = np.array([self.minimum_age.get(title, EVERYONE) for title in titles.tolist()], np.int64)
        offered = np.array([title in self.minimum_age for title in titles.tolist()], bool)
        hidden = None if self.hidden is None else self.hidden.over(titles)
        return Mask(offered, ages, self.age_limit, self.rated_only, hidden)


@dataclass(frozen=True)
class Mask:
    """Filters laid over the columns of one model."""

    offered: Bools
    ages: Ints
    age_limit: Ints
    rated_only: Bools
    hidden: Interactions | None = None

    def allowed(self, rows: Ints) -> Bools:
        """Whether each of the viewers `rows` may be offered each title: shape (rows, titles)."""
        # Viewers are many and their limits few: told for each limit once.
        kinds, kind = np.unique(2 * self.age_limit[rows] + self.rated_only[rows], return_inverse=True)
        limit, rated_only = np.divmod(kinds[:, None], 2)
        fits = self.offered & (self.ages <= limit) & ~((self.ages == UNRATED) & (rated_only == 1))
        fits = fits[kind]
        if self.hidden is not None:
            hidden = self.hidden.take(rows)
            fits[hidden.rows, hidden.columns] = False
        return np.asarray(fits)

    def fits(self, rows: Ints, columns: Ints) -> Bools:
        """Whether each of some pairs of a viewer and a title may be: shape (pairs,)."""
        fits = self.offered[columns] & (self.ages[columns] <= self.age_limit[rows])
        fits &= ~((self.ages[columns] == UNRATED) & self.rated_only[rows])
        if self.hidden is not None:
            width = len(self.hidden.titles)
            fits &= ~np.isin(rows.astype(np.int64) * width + columns, self.hidden.rows * width + self.hidden.columns)
        return np.asarray(fits)


def minimum_age(maturity: str | None) -> int:
    """The rating of a title in years: EVERYONE for `all`, UNRATED for none, and 18 for a word that is not a number."""
    if maturity is None:
        return UNRATED
    if maturity == "all":
        return EVERYONE
    return int(maturity) if maturity.isdecimal() else 18


def audience(is_kid: Bools, birth_year: Floats, year: int, config: ServingConfig) -> tuple[Ints, Bools]:
    """Age limit and `rated_only` of viewers, from kids flags and birth years (NaN: unknown) in the as-of `year`.

    The age is the one reached for certain: this year's birthday may be yet to come. A birth year in the future is as
    good as none.
    """
    age = year - birth_year - 1
    known = np.isfinite(age) & (age >= -1)
    limit = np.where(known, np.maximum(np.nan_to_num(age), EVERYONE), config.unknown_age).astype(np.int64)
    limit = np.where(is_kid, np.minimum(limit, config.kids_age), limit)
    return limit, is_kid.copy()
