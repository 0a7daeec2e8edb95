"""What releases may cost together: the budget, the families that share it, and allowances. Part of release_policy."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .release_shapes import Fraction, Part

_SUM_TOLERANCE = 1e-9


class FamilyAllowance(Part):
    """One allowance for several tables of a family: what an account leaves unused of one counts for it in the others.

    mu: the square root of what a full allowance pays for, in squared mu: the most that an account may have saved up,
    and that one day of one of the tables may cost it. tables: those that share it, in the order in which a night
    debits them; each day of each brings what that table's own mu pays for.
    """

    mu: Annotated[float, Field(gt=0, le=8)]
    tables: Annotated[tuple[str, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        if len(set(self.tables)) != len(self.tables):
            raise ValueError("a table is listed twice in the allowance")
        return self


class Family(Part):
    """Releases that share a part of the budget: together they cost at most `share` of its squared mu in any of its
    days, whatever the others leave. No members: that part is kept for releases that are yet to come."""

    title: str
    members: tuple[str, ...] = ()
    share: Fraction
    allowance: FamilyAllowance | None = None


class Budget(Part):
    """What all releases together may cost one unit: (epsilon, delta) over any so many days of releases; and of its
    squared mu, what each family may take."""

    unit: Literal["account"]
    days: Annotated[int, Field(ge=1)]
    epsilon: Annotated[float, Field(gt=0)]
    delta: Annotated[float, Field(gt=0, lt=1)]
    families: dict[Annotated[str, Field(pattern="^[a-z_]+$")], Family] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _shared_out(self) -> Self:
        members = [name for family in self.families.values() for name in family.members]
        if len(set(members)) != len(members):
            raise ValueError("a release is in two families, or twice in one")
        shares = sum(family.share for family in self.families.values())
        if shares > 1 + _SUM_TOLERANCE:
            raise ValueError(f"the families' shares add up to {shares:g}: more than the budget")
        for name, family in self.families.items():
            apart = set() if family.allowance is None else set(family.allowance.tables).difference(family.members)
            if apart:
                raise ValueError(f"{', '.join(sorted(apart))}: has part in the allowance of {name}, and is no member")
        return self


class Allowance(Part):
    """What an account leaves unused on released days is carried over, at most carry_days days' worth of it.

    Each released day brings each account one day's cost, mu squared; an account that watches on Saturdays alone may
    then cost seven days' worth on a Saturday. It has no more than carry_days' worth at any time, which is also the most
    that one day may cost it. Over a year this costs carry_days - 1 days' mu squared more, once.

    In place of carry_days, `family` and `shared` say whose allowance it is where several tables have one in common;
    they are declared with the family, and put here as the policy is read.
    """

    carry_days: Annotated[int, Field(ge=2, le=366)] | None = None
    family: str | None = None
    shared: FamilyAllowance | None = None

    @model_validator(mode="after")
    def _own_or_shared(self) -> Self:
        if (self.carry_days is None) == (self.shared is None) or (self.family is None) != (self.shared is None):
            raise ValueError("an allowance is a table's own (carry_days) or its family's (family and shared)")
        return self
