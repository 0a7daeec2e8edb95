"""What charges cost together in a window of days, where some belong to families with a standing charge.

The charges of a family within one window cost an account the sum of their squares and, once, the family's standing
charge: what it may have carried into the window (docs/privacy-proofs.md, 8). All costs are squared mus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from math import fsum, sqrt
from typing import TYPE_CHECKING

from .accountant import epsilon_of

if TYPE_CHECKING:
    from .charges import Spend


def mu_together(spends: Iterable[Spend]) -> float:
    """The mu of the charges of one window together."""
    counted = list(spends)
    standing = standing_of({spend.family: spend.standing} for spend in counted if spend.family is not None)
    return sqrt(fsum(spend.mu**2 for spend in counted) + fsum(standing.values()))


def epsilons_of(spends: Iterable[Spend], delta: float) -> list[float]:
    """The most that each charge by itself may cost, as epsilon at delta; many are alike, and are worked out once."""
    costs = [(mu_together([spend]), spend.threshold_delta) for spend in spends]
    found = {cost: epsilon_of(cost[0], delta, cost[1]) for cost in set(costs)}
    return [found[cost] for cost in costs]


def standing_of(days: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The standing charge of each family of some days."""
    found: dict[str, float] = {}
    for day in days:
        for family, standing in day.items():
            found[family] = max(standing, found.get(family, 0.0))
    return found


def dearest_window(
    around: date, days: int, squares: Mapping[date, float], standing: Mapping[date, Mapping[str, float]]
) -> float:
    """The most that any window of so many days that holds `around` costs: charges by day, and families by day."""
    known = standing_of(standing.values())
    first = around - timedelta(days=days - 1)
    there: Counter[str] = Counter()
    window = worst = 0.0
    # The window's last day goes from the first that has anything in it to the last that still holds `around`.
    for step in range(2 * days - 1):
        last, gone = first + timedelta(days=step), first + timedelta(days=step - days)
        window += squares.get(last, 0.0)
        there.update(dict.fromkeys(standing.get(last, ()), 1))
        if step >= days:
            window -= squares.get(gone, 0.0)
            there.subtract(dict.fromkeys(standing.get(gone, ()), 1))
        if step >= days - 1:
            worst = max(worst, window + fsum(known[family] for family, count in there.items() if count > 0))
    return worst
