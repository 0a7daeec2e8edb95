"""Which cells of one period are told: decided once, from counts in which every account is in one cell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ..consent.small_cells import OTHER, told
from ..exact_policy import ExactTable
from .closeness import distinct_l, earth_movers, entropy_l, variation

Cell: TypeAlias = tuple[str, ...]
"""The quasi-identifiers' values, and the sensitive one last."""
Class: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """What holds of a period: of what is told, and how far that is from what was asked for.

    k: the smallest cell; distinct_l and entropy_l: the least of any class, over values as they are told; t: the largest
    distance of a class from the whole, over values as they were counted. together: accounts of the class that holds
    the suppressed ones. `withheld` says in words why nothing is told, and is empty where something is.
    """

    classes: int
    accounts: int
    together: int
    k: int
    distinct_l: int
    entropy_l: float
    t: float
    withheld: str = ""


@dataclass(frozen=True)
class Decision:
    """The told cells with their counts, where each counted cell went, and the report."""

    cells: Mapping[Cell, int]
    went: Mapping[Cell, Cell]
    report: Report


def decide(table: ExactTable, counts: Mapping[Cell, int]) -> Decision:
    """Join classes below k, l or t to one class `other` until all that is told holds; nothing is told where it cannot.

    Within a class, sensitive values of fewer than k accounts are told together. No cell is below k, cells are disjoint,
    and they add up to everybody who was counted: no sum or difference of them is about fewer than k.
    """
    classes: dict[Class, dict[str, int]] = defaultdict(dict)
    whole: dict[str, int] = defaultdict(int)
    for cell, count in counts.items():
        classes[cell[:-1]][cell[-1]] = count
        whole[cell[-1]] += count
    if table.ordered and not whole.keys() <= set(table.ordered):
        return _nothing(counts, "the sensitive column has values that `ordered` does not list")
    rest = sorted(classes, key=lambda name: (sum(classes[name].values()), name))
    hidden = [name for name in rest if not _holds(table, classes[name], whole)]
    together = (OTHER,) * len(table.quasi_identifiers)
    if hidden and together in classes and together not in hidden:
        hidden.append(together)
    rest = [name for name in rest if name not in hidden]
    while hidden and not _holds(table, _joined(classes, hidden), whole):
        if not rest:
            return _nothing(counts, "no class holds, and all of them together do not: fewer than k, or too few values")
        hidden.append(rest.pop(0))
    shown = {name: (classes[name], [name]) for name in rest}
    if hidden:
        shown[together] = (_joined(classes, hidden), hidden)
    cells: dict[Cell, int] = {}
    went: dict[Cell, Cell] = {}
    for name, (values, members) in shown.items():
        kept = told(values, table.k)
        cells |= {(*name, value): count for value, count in kept.items()}
        for member in members:
            for value in classes[member]:
                apart = value in kept and value != OTHER
                went[(*member, value)] = (*name, value if apart else OTHER)
    return Decision(cells, went, _report(table, shown.values(), whole, sum(sum(classes[n].values()) for n in hidden)))


def _joined(classes: Mapping[Class, Mapping[str, int]], names: Iterable[Class]) -> dict[str, int]:
    total: dict[str, int] = defaultdict(int)
    for name in names:
        for value, count in classes[name].items():
            total[value] += count
    return dict(total)


def _holds(table: ExactTable, values: Mapping[str, int], whole: Mapping[str, int]) -> bool:
    """l is asked of the values as they would be told, t of those that were counted: each the stricter way."""
    kept = told(values, table.k)
    if not kept or min(distinct_l(kept), entropy_l(kept)) < table.l:
        return False
    return _distance(table, values, whole) <= table.t


def _distance(table: ExactTable, values: Mapping[str, int], whole: Mapping[str, int]) -> float:
    return earth_movers(values, whole, table.ordered) if table.ordered else variation(values, whole)


def _report(
    table: ExactTable,
    shown: Iterable[tuple[Mapping[str, int], list[Class]]],
    whole: Mapping[str, int],
    together: int,
) -> Report:
    every = [values for values, _ in shown]
    kept = [told(values, table.k) for values in every]
    if not every:
        return Report(0, 0, 0, 0, 0, 0.0, 0.0, "nobody was counted")
    return Report(
        classes=len(every),
        accounts=sum(whole.values()),
        together=together,
        k=min(min(cells.values()) for cells in kept),
        distinct_l=min(map(distinct_l, kept)),
        entropy_l=min(map(entropy_l, kept)),
        t=max(_distance(table, values, whole) for values in every),
    )


def _nothing(counts: Mapping[Cell, int], why: str) -> Decision:
    return Decision({}, {}, Report(0, sum(counts.values()), 0, 0, 0, 0.0, 0.0, why))
