"""Two tables over the same accounts tell more than each: what their difference is about must be k accounts or more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from ..exact_policy import ExactTable
from .counting import Counted
from .deciding import Cell, Decision, Report, decide


def decide_together(tables: Mapping[str, ExactTable], counted: Counted) -> dict[str, Decision]:
    """Decide the tables of one period, in the order in which the policy declares them.

    A table is told where every set of accounts that its cells and those of the tables before it cut out together has
    none, or as many as the largest of their k: whatever is added or subtracted is then about none or k. Otherwise it
    is withheld whole, and its report says why.
    """
    found: dict[str, Decision] = {}
    told: list[str] = []
    places = {name: place for place, name in enumerate(tables)}
    for name, table in tables.items():
        decision = decide(table, counted.by_table[name])
        together = [*told, name] if decision.cells else told
        if (
            decision.cells
            and told
            and _smallest(together, places, {**found, name: decision}, counted)
            < max(tables[each].k for each in together)
        ):
            decision = _withheld(decision, told)
        found[name] = decision
        if decision.cells:
            told.append(name)
    return found


def _smallest(names: list[str], places: Mapping[str, int], decisions: Mapping[str, Decision], counted: Counted) -> int:
    """Accounts of the smallest set that the told cells of several tables cut out together."""
    sets: Counter[tuple[Cell, ...]] = Counter()
    for cells, accounts in counted.jointly.items():
        sets[tuple(decisions[name].went[cells[places[name]]] for name in names)] += accounts
    return min(sets.values())


def _withheld(decision: Decision, others: list[str]) -> Decision:
    report = decision.report
    why = (
        f"its cells and those of {', '.join(others)} are about the same accounts: one table less the other would be a "
        "count of fewer than k"
    )
    return Decision({}, {}, Report(0, report.accounts, 0, 0, 0, 0.0, 0.0, why))
