"""Families of releases: the part of the budget that each may take, and when a charge would pass it."""

from __future__ import annotations

from functools import lru_cache

from ..release_policy import Budget
from .accountant import mu_within


def family_of(budget: Budget, name: str) -> str | None:
    """The family that a release is in; None where the budget has none for it."""
    return next((family for family, each in budget.families.items() if name in each.members), None)


def squared_share(budget: Budget, family: str) -> float:
    """The most squared mu that the members of a family may cost an account together in any of the budget's days."""
    return float(budget.families[family].share * _whole(budget.epsilon, budget.delta))


@lru_cache(maxsize=16)
def _whole(epsilon: float, delta: float) -> float:
    return mu_within(epsilon, delta) ** 2
