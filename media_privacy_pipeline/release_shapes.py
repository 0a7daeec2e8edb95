"""What a statement may say beyond counts of a day: periods, ratios, a roll-up of cells. Part of release_policy."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(gt=0, le=1)]


class Part(BaseModel):
    """A part of a statement: nothing in it changes once it is read, and unknown words are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Period(Part):
    """One release for so many days that follow one another, in place of one for each day.

    Periods do not overlap. They are counted from Monday, 5 January 1970, so that weeks begin on Mondays, and are named
    by their first day.
    """

    days: Annotated[int, Field(ge=2, le=366)]


class Ratio(Part):
    """One measure's sum over another's in each cell, in the columns' own units and divided by `per`."""

    of: str
    over: str
    per: Annotated[int, Field(ge=1)] = 1


class Rollup(Part):
    """Sums of all measures over groups of cells, released beside them and made to add up with them.

    `column` is a cell column that comes from a public table, and `by` the column of that table that groups its values
    (the first, where it holds a list). by_budget and total_budget: what the two levels take of the squared mu, shared
    by the measures as the measures share theirs.
    """

    column: str
    by: str
    by_budget: Fraction
    total_budget: Fraction
