"""What may be released of people's data, and for how much: one statement a release, as the policy declares it.

A statement holds everything that the promise depends on: the cells, the clips of each measure, the bounds of an
account's contribution and its cost. Nothing else in the code may change a sensitivity or a scale.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from .release_budget import Allowance, Budget, Family, FamilyAllowance
from .release_shapes import Fraction, Part, Period, Ratio, Rollup

__all__ = [
    "CUT",
    "FACTORS",
    "PERIOD",
    "Allowance",
    "Budget",
    "CellColumn",
    "FactorsStatement",
    "Family",
    "FamilyAllowance",
    "Measure",
    "Releases",
    "TableStatement",
    "VectorStatement",
]

PERIOD = "period"
CUT = "cut"
"""The name of the sums of what weighting cut from each cell."""
FACTORS = "similar_titles"
"""The name that private factors are released and charged under."""
_SUM_TOLERANCE = 1e-9


class CellColumn(Part):
    """One column of the cells: how its possible values are known, or that they are not.

    Either `values` lists them, and any other value counts as `other` (left out where there is no `other`), or they
    are the column of the same name in the public table `of`, or (`of: period`, for the column day) the days of the
    statement's period, or they are `unknown`: then they come from the data, and only what so many accounts have that
    the noisy count passes a threshold is told. Or the column is a whole number whose sum over an account's rows of a
    cell is put between fixed `cuts`: 0 up to the first, from each to the next, and from the last to `most`, which it is
    clipped to. The table then has, in place of this column, the share of accounts that reached each cut and
    `quantiles`, published divided by `per`.
    """

    values: tuple[str, ...] = ()
    other: str | None = None
    of: str | None = None
    unknown: bool = False
    cuts: Annotated[tuple[int, ...], Field(max_length=64)] = ()
    most: Annotated[int, Field(ge=1, le=2**20)] | None = None
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    per: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _one_domain(self) -> Self:
        if bool(self.values) + (self.of is not None) + bool(self.cuts) + self.unknown != 1:
            raise ValueError(
                "a cell column needs its values, the public table that has them, cuts, or unknown: one of them"
            )
        if bool(self.cuts) != (self.most is not None) or (not self.cuts and (self.quantiles or self.per != 1)):
            raise ValueError("cuts and most belong together, and quantiles and per to them")
        if self.most is not None and not all(a < b for a, b in pairwise((0, *self.cuts, self.most))):
            raise ValueError("the cuts must be above 0, rise, and stay below most")
        if len(set(self.values)) != len(self.values):
            raise ValueError("a value is listed twice")
        if self.other is not None and self.other not in self.values:
            raise ValueError(f"other: {self.other!r} is not among the values")
        return self


class Measure(Part):
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


class TableStatement(Part):
    """A table that is released once for each closed day, or each closed `period`, which all below is then about.

    squared_norm (m) and most_cells (K): with k cells on a day, each of an account's cells weighs
    min(1, sqrt(m / k), sqrt(m K) / k), so that its weights have a squared sum of m and a sum of sqrt(m K) at most.
    mu: what one day's release costs an account in Gaussian differential privacy. totals_budget: the fraction of its
    square that pays for the two totals which undo the weighting; cut_budget: where there is one, that which pays for
    what weighting cut from each cell's own count of accounts, so that cells whose accounts are cut more or less than
    others are undone by that, and intervals hold what is left of it (docs/privacy-proofs.md, 7a). bounding: `sample`
    keeps m of an account's cells and counts them whole, in place of weighting all of them. threshold_delta: with
    unknown keys, the most that the probability may be, on one day, of telling any cell that nobody but one account has.
    ratios, rollup: what else is published, see there. to_date: the measures' totals over the periods of the year.
    allowance: where there is one, the weights above are the least, and an account's cells weigh as much as what it did
    not use on the days before pays for (docs/privacy-proofs.md, 8).
    """

    title: str
    period: Period | None = None
    ratios: dict[str, Ratio] = Field(default_factory=dict)
    rollup: Rollup | None = None
    to_date: bool = False
    cells: Annotated[dict[str, CellColumn], Field(min_length=1)]
    measures: Annotated[dict[str, Measure], Field(min_length=1)]
    squared_norm: Annotated[int, Field(ge=1, le=2**14)]
    most_cells: Annotated[int, Field(ge=1, le=2**14)]
    mu: Annotated[float, Field(gt=0, le=8)]
    totals_budget: Fraction
    cut_budget: Fraction | None = None
    bounding: Literal["weights", "sample"] = "weights"
    threshold_delta: Annotated[float, Field(ge=1e-30, le=1e-3)] | None = None
    allowance: Allowance | None = None

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
        if self.unknown_keys and (self.rollup is not None or self.to_date or any(c.cuts for c in self.cells.values())):
            raise ValueError("rollup, to_date and cuts need known keys: a cell that is not told has no part in them")
        return self

    @model_validator(mode="after")
    def _tells_what_is_cut(self) -> Self:
        if self.cut_budget is None:
            return self
        other = self.unknown_keys or self.bounding == "sample" or self.rollup is not None or self.allowance is not None
        if other or self.to_date or any(column.cuts for column in self.cells.values()):
            raise ValueError(
                "cut_budget is of known, weighted cells: without rollup, to_date, cuts, sample or allowance"
            )
        if all(measure.of is not None for measure in self.measures.values()) or CUT in self.measures:
            raise ValueError(f"cut_budget needs a measure that counts accounts, and none that is called {CUT}")
        return self

    @model_validator(mode="after")
    def _carries_over_days(self) -> Self:
        other = self.unknown_keys or self.bounding == "sample" or self.rollup is not None or self.period is not None
        if self.allowance is not None and (other or any(column.cuts for column in self.cells.values())):
            raise ValueError("an allowance is of days over known cells, weighted: without period, rollup, cuts, sample")
        return self

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.squared_norm > self.most_cells:
            raise ValueError("squared_norm (m) must not be larger than most_cells (K)")
        spent = self.totals_budget + sum(measure.budget for measure in self.measures.values()) + (self.cut_budget or 0)
        spent += 0 if self.rollup is None else self.rollup.by_budget + self.rollup.total_budget
        if abs(spent - 1) > _SUM_TOLERANCE:
            raise ValueError(f"the budgets of the measures and the totals add up to {spent:g}, not to 1")
        if sum(measure.of is None for measure in self.measures.values()) > 1:
            raise ValueError("accounts are counted by two measures; one is enough")
        return self

    @model_validator(mode="after")
    def _beyond_counts(self) -> Self:
        days = [name for name, column in self.cells.items() if column.of == PERIOD]
        cut = [name for name, column in self.cells.items() if column.cuts]
        if any(name != "day" for name in days) or (days and self.period is None) or (not days and "day" in self.cells):
            raise ValueError("a cell column day is {of: period}, in a statement with a period; no other column is")
        if cut and (len(cut) > 1 or len(self.cells) < 2 or [each.of for each in self.measures.values()] != [None]):
            raise ValueError("one column with cuts at most, with another beside it, and a count of accounts alone")
        if self.to_date and (self.period is None or days):
            raise ValueError("to_date adds up periods: declare one, and no cells of single days")
        if bool(cut) + (self.rollup is not None) + self.to_date > 1 or ((cut or self.rollup) and self.ratios):
            raise ValueError("cuts, rollup and to_date need statements of their own; ratios go with to_date alone")
        for name, ratio in self.ratios.items():
            of, over = self.measures.get(ratio.of), self.measures.get(ratio.over)
            if of is None or over is None or name in self.measures or ratio.of == ratio.over:
                raise ValueError(f"the ratio {name} needs two measures of this statement, and a name of its own")
            if over.of is not None and over.least < 1:
                raise ValueError(f"the ratio {name} is over a measure that may be 0: give {ratio.over} a least of 1")
        rolled = None if self.rollup is None else self.cells.get(self.rollup.column)
        if self.rollup is not None and (rolled is None or rolled.of in (None, PERIOD)):
            raise ValueError("a rollup is of a cell column that comes from a public table")
        return self


class VectorStatement(Part):
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


class FactorsStatement(Part):
    """Private item factors (docs/private-recommender.md), trained once every so many calendar months, from January on.

    mu: what one training costs an account, its comparison with popularity included. least_days: as of vectors.
    """

    title: str
    mu: Annotated[float, Field(gt=0, le=8)]
    months: Literal[1, 2, 3, 4, 6, 12]
    least_days: Annotated[int, Field(ge=1)] = 7


class Releases(Part):
    """Every release of people's data, and the budget that they share.

    A day's tables are released when it is closed, consent.closing_lag_days after it ended. Where the budget has
    families, each release is in one.
    """

    budget: Budget
    tables: dict[str, TableStatement]
    vectors: dict[str, VectorStatement]
    factors: FactorsStatement | None = None

    @model_validator(mode="before")
    @classmethod
    def _shared_allowances(cls, document: Any) -> Any:
        """Tables of a family's allowance are told of it: all that a release depends on is in its statement."""
        try:
            read = Budget.model_validate(document["budget"])
            tables = {name: dict(table) for name, table in document["tables"].items()}
        except (TypeError, KeyError, ValueError, AttributeError):
            return document  # What is wrong there is told where its turn comes.
        for name, family in read.families.items():
            for table in family.allowance.tables if family.allowance is not None else ():
                told = Allowance(family=name, shared=family.allowance)
                if table not in tables:
                    raise ValueError(f"the allowance of {name} is of {table}, which is no table of the policy")
                own = tables[table].get("allowance")
                if own is not None and Allowance.model_validate(own) != told:
                    raise ValueError(f"{table}: has an allowance of its own, and part in that of {name}")
                tables[table]["allowance"] = told
        return {**document, "tables": tables}

    @model_validator(mode="after")
    def _in_families(self) -> Self:
        names = {*self.tables, *self.vectors, *(() if self.factors is None else (FACTORS,))}
        members = {name for family in self.budget.families.values() for name in family.members}
        if members and members != names:
            apart = ", ".join(sorted(members ^ names))
            raise ValueError(f"{apart}: each release is in one family of the budget, and a family has releases alone")
        for name, table in self.tables.items():
            shared = None if table.allowance is None else table.allowance.shared
            if shared is not None and name not in shared.tables:
                raise ValueError(f"{name}: is not among the tables of the allowance that it names")
            if shared is not None and shared.mu < table.mu:
                raise ValueError(f"{name}: one day of it costs more than the whole allowance of its family")
        return self
