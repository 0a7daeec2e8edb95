"""What may be released of people's data, and for how much: one statement a release, as the policy declares it.

A statement holds everything that the promise depends on: the cells, the clips of each measure, the bounds of an
account's contribution and its cost. Nothing else in the code may change a sensitivity or a scale.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(gt=0, le=1)]
_SUM_TOLERANCE = 1e-9


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Budget(_Part):
    """What all releases together may cost one unit: (epsilon, delta) over any so many days of releases."""

    unit: Literal["account"]
    days: Annotated[int, Field(ge=1)]
    epsilon: Annotated[float, Field(gt=0)]
    delta: Annotated[float, Field(gt=0, lt=1)]


class CellColumn(_Part):
    """One column of the cells: how its possible values are known, or that they are not.

    Either `values` lists them, and any other value counts as `other` (left out where there is no `other`), or they
    are the column of the same name in the public table `of`, or they are `unknown`: then they come from the data, and
    only what so many accounts have that the noisy count passes a threshold is told.
    """

    values: tuple[str, ...] = ()
    other: str | None = None
    of: str | None = None
    unknown: bool = False

    @model_validator(mode="after")
    def _one_domain(self) -> Self:
        if bool(self.values) + (self.of is not None) + self.unknown != 1:
            raise ValueError("a cell column needs its values, the public table that has them, or unknown: one of them")
        if len(set(self.values)) != len(self.values):
            raise ValueError("a value is listed twice")
        if self.other is not None and self.other not in self.values:
            raise ValueError(f"other: {self.other!r} is not among the values")
        return self


class Measure(_Part):
    """One measure, clipped per account and cell.

    Without `of` it counts accounts. With it, it sums that column, clipped to least..most in the column's unit, and is
    published divided by `per`. `budget` is its fraction of the release's squared mu. `as_share` adds each cell's
    share of the partition's total, which costs nothing more.
    """

    of: str | None = None
    least: int = 0
    most: Annotated[int, Field(ge=1, le=2**20)] = 1
    per: Annotated[int, Field(ge=1)] = 1
    budget: Fraction
    as_share: bool = False

    @model_validator(mode="after")
    def _clips_in_order(self) -> Self:
        if not 0 <= self.least <= self.most:
            raise ValueError("the clips must hold 0 <= least <= most")
        if self.of is None and (self.least, self.most, self.per) != (0, 1, 1):
            raise ValueError("a count of accounts has no clips and no unit")
        return self


class TableStatement(_Part):
    """A table that is released once for each closed day.

    squared_norm (m) and most_cells (K): with k cells on a day, each of an account's cells weighs
    min(1, sqrt(m / k), sqrt(m K) / k), so that its weights have a squared sum of m and a sum of sqrt(m K) at most.
    mu: what one day's release costs an account in Gaussian differential privacy. totals_budget: the fraction of its
    square that pays for the two totals which undo the weighting. bounding: `sample` keeps m of an account's cells and
    counts them whole, in place of weighting all of them. threshold_delta: with unknown keys, the most that the
    probability may be, on one day, of telling any cell that nobody but one account has.
    """

    title: str
    cells: Annotated[dict[str, CellColumn], Field(min_length=1)]
    measures: Annotated[dict[str, Measure], Field(min_length=1)]
    squared_norm: Annotated[int, Field(ge=1, le=2**10)]
    most_cells: Annotated[int, Field(ge=1, le=2**10)]
    mu: Annotated[float, Field(gt=0, le=8)]
    totals_budget: Fraction
    bounding: Literal["weights", "sample"] = "weights"
    threshold_delta: Annotated[float, Field(ge=1e-30, le=1e-3)] | None = None

    @property
    def unknown_keys(self) -> bool:
        """Whether the cells come from the data, since a column's values are not known beforehand."""
        return any(column.unknown for column in self.cells.values())

    @model_validator(mode="after")
    def _hides_what_one_has(self) -> Self:
        if self.unknown_keys != (self.threshold_delta is not None):
            raise ValueError("unknown keys need a threshold_delta, and nothing else has one")
        if self.unknown_keys and all(measure.of is not None for measure in self.measures.values()):
            raise ValueError("unknown keys need a measure that counts accounts: the threshold is on it")
        if self.unknown_keys and any(measure.as_share for measure in self.measures.values()):
            raise ValueError("as_share needs known keys: shares of the cells that are told are shares of nothing")
        return self

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.squared_norm > self.most_cells:
            raise ValueError("squared_norm (m) must not be larger than most_cells (K)")
        spent = self.totals_budget + sum(measure.budget for measure in self.measures.values())
        if abs(spent - 1) > _SUM_TOLERANCE:
            raise ValueError(f"the budgets of the measures and the totals add up to {spent:g}, not to 1")
        if sum(measure.of is None for measure in self.measures.values()) > 1:
            raise ValueError("accounts are counted by two measures; one is enough")
        return self


class VectorStatement(_Part):
    """Noisy sums of one vector per account, released in numbered parts once a period (cluster centres, say).

    norm: the L2 norm that an account's vector is clipped to in each part. mu: what all parts of a period cost an
    account together; each costs mu / sqrt(parts). resolution: sums are made and noised in whole 1/resolution steps.
    least_days: a period is drawn once so many arrival days are at hand. Days are counted and not rows: how many people
    there are is nothing that a release may tell by being there or not.
    """

    title: str
    norm: Annotated[float, Field(gt=0, le=2**10)]
    resolution: Annotated[int, Field(ge=64, le=2**20)]
    parts: Annotated[int, Field(ge=1, le=1000)]
    mu: Annotated[float, Field(gt=0, le=8)]
    least_days: Annotated[int, Field(ge=1)] = 7


class Releases(_Part):
    """Every release of people's data, and the budget that they share.

    A day's tables are released when it is closed, consent.closing_lag_days after it ended.
    """

    budget: Budget
    tables: dict[str, TableStatement]
    vectors: dict[str, VectorStatement]
