"""What a statement promises, derived anew from the policy's words: an error in privacy.mechanism cannot hide here."""

from __future__ import annotations

from functools import lru_cache
from math import inf, isqrt, sqrt

from ..release_policy import TableStatement

_WEIGHT_ONE = 64
_LARGEST_DOMAIN = 10**9


def reach(statement: TableStatement, name: str) -> int:
    """The most that one cell of an account with weight 1 adds to a measure, around the centre where it has one."""
    measure = statement.measures[name]
    if measure.of is None:
        return 1
    counted = any(each.of is None for each in statement.measures.values())
    centre = (measure.least + measure.most) // 2 if counted else 0
    return max(measure.most - centre, centre - measure.least)


def sensitivity(statement: TableStatement, name: str) -> float:
    """The most that one account moves a measure's vector in L2, in 64ths."""
    return _WEIGHT_ONE * reach(statement, name) * sqrt(statement.squared_norm)


def sigma(statement: TableStatement, name: str) -> float:
    """The least scale that a measure's noise may have, in 64ths."""
    return sensitivity(statement, name) / (statement.mu * sqrt(statement.measures[name].budget))


def totals_sensitivity(statement: TableStatement) -> float:
    """The most that one account moves the totals in L2, in 64ths: tried for every number of cells that counts."""
    return sqrt(sum(each**2 for each in worst_totals(statement)))


def worst_totals(statement: TableStatement) -> tuple[int, ...]:
    """What the account that moves the totals furthest adds to (kept, cut), in 64ths; where what was cut from each cell
    is told, also to the count of accounts beyond K cells, as a quarter of how far the other two are moved."""
    if statement.bounding == "sample":
        of_all = ((min(statement.squared_norm, cells), cells) for cells in range(1, statement.most_cells + 1))
        pairs = [(_WEIGHT_ONE * kept, _WEIGHT_ONE * (cells - kept)) for kept, cells in of_all]
        return max(pairs, key=lambda pair: pair[0] ** 2 + pair[1] ** 2)
    two, three, _ = _worst(statement.squared_norm, statement.most_cells, _domain(statement))
    return two if statement.cut_budget is None else three


def cut_sensitivity(statement: TableStatement) -> float:
    """The most that one account moves the vector of what was cut from each of its cells, in 64ths: tried for every
    number of cells that counts."""
    return sqrt(_worst(statement.squared_norm, statement.most_cells, _domain(statement))[2])


@lru_cache(maxsize=64)
def _worst(m: int, most: int, domain: int) -> tuple[tuple[int, int], tuple[int, int, int], int]:
    """Of weighted accounts: (kept, cut) of the one that moves these furthest, (kept, cut, beyond) of the one that moves
    all three furthest, and the largest square by which one moves the vector of cells' cuts, 1 where nothing is cut."""
    found, squared = [(0, 0, False)], 1
    for cells in range(1, 1 + min(isqrt(_WEIGHT_ONE**2 * m * most), domain)):
        fits = (j for j in range(_WEIGHT_ONE, 0, -1) if j * j * cells * max(cells, most) <= _WEIGHT_ONE**2 * m * most)
        weight = next(fits, 0)
        counted, kept = _WEIGHT_ONE * min(cells, most), cells * weight
        found.append((kept, counted - kept, cells > most))
        squared = max(squared, cells * (counted // cells - weight) ** 2)
    two = max(((kept, cut) for kept, cut, _ in found), key=lambda pair: pair[0] ** 2 + pair[1] ** 2)
    step = isqrt((two[0] ** 2 + two[1] ** 2) // 16)
    all_three = ((kept, cut, step * past) for kept, cut, past in found)
    return two, max(all_three, key=lambda each: sum(one**2 for one in each)), squared


def _domain(statement: TableStatement) -> int:
    """How many cells there are, where the statement alone says so; else more than any account has."""
    domain = 1.0
    for column in statement.cells.values():
        domain *= len(column.values) or inf
    return int(min(domain, _LARGEST_DOMAIN))


def over_cells(statement: TableStatement) -> list[tuple[float, float]]:
    """Of each vector over the cells, in the order of the sums: how far one account moves it, and its least scale."""
    found = [(sensitivity(statement, name), sigma(statement, name)) for name in statement.measures]
    if statement.cut_budget is not None:
        moved = cut_sensitivity(statement)
        found.append((moved, moved / (statement.mu * sqrt(statement.cut_budget))))
    return found


def totals_sigma(statement: TableStatement) -> float:
    """The least scale that the totals' noise may have, in 64ths."""
    return totals_sensitivity(statement) / (statement.mu * sqrt(statement.totals_budget))
