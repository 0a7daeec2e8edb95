"""Account weights: how much each of an account's cells counts, so that the account as a whole is bounded.

With k cells on a day, the weight of each is w = floor(64 min(1, sqrt(m / k), sqrt(m K) / k)) in whole 64ths. Hence
k w² <= 64² m (the L2 bound) and k w <= 64 sqrt(m K) (the L1 bound), whatever k is. It depends on the account's own
cells alone, not on the order of rows, so both engines find the same integers.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt, sqrt

import numpy as np
import pyarrow as pa

ONE = 64
"""The weight of a cell of an account that is not cut. Sums of weighted values are in 64ths."""


TOTALS = ("kept", "cut", "beyond")
"""The sums over accounts; beyond counts those that have more than K cells, where a statement pays for what was cut."""


def weight(cells: int, squared_norm: int, most_cells: int) -> int:
    """Weight of each cell of an account with so many cells (at least 1), in 64ths: 0..64, exact."""
    by_square = isqrt(ONE * ONE * squared_norm // cells)
    by_sum = isqrt(ONE * ONE * squared_norm * most_cells // (cells * cells))
    return min(ONE, by_square, by_sum)


@lru_cache(maxsize=64)
def weight_table(squared_norm: int, most_cells: int, domain: int | None = None) -> pa.Table:
    """Columns cells, weight, kept, cut (64-bit integers): a row for each number of cells whose weight is not 0.

    `domain` is how many cells there are at all, where the statement alone says so: no account has more.

    kept is what the account adds to the total of weighted cells, cut what the weighting and the limit of K cells took
    from it: kept + cut = 64 min(cells, K). An account with more cells than the last row counts for nothing.
    """
    last = isqrt(ONE * ONE * squared_norm * most_cells)
    cells = range(1, (last if domain is None else min(last, domain)) + 1)
    weights = [weight(k, squared_norm, most_cells) for k in cells]
    kept = [k * w for k, w in zip(cells, weights, strict=True)]
    cut = [ONE * min(k, most_cells) - x for k, x in zip(cells, kept, strict=True)]
    columns = {"cells": list(cells), "weight": weights, "kept": kept, "cut": cut}
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})


def totals_sensitivity(table: pa.Table) -> float:
    """The most that one account moves the vector of totals in L2, in 64ths: the maximum over all k. The totals are kept
    and cut, and beyond where the table has it."""
    return sqrt(_farthest(table))


def with_beyond(table: pa.Table, most_cells: int) -> pa.Table:
    """`table` with a column beyond: what an account with more than K cells adds to the total that counts them.

    A quarter of how far kept and cut are moved, so that all three together are moved a thirtieth further.
    """
    beyond = np.where(table["cells"].to_numpy() > most_cells, isqrt(_farthest(table) // 16), 0)
    return table.append_column("beyond", pa.array(beyond, pa.int64()))


def _farthest(table: pa.Table) -> int:
    totals = [table[name].to_numpy() for name in TOTALS if name in table.column_names]
    return int(np.square(totals).sum(axis=0).max())


def cell_cuts(table: pa.Table) -> list[int]:
    """What the weighting and the limit of K cells take from each cell of an account, in whole 64ths: by cells, 0..64.

    floor(64 min(k, K) / k) - w, which is cut divided by k and cut to a whole number.
    """
    cuts: list[int] = (table["cut"].to_numpy() // table["cells"].to_numpy()).tolist()
    return cuts


def cuts_sensitivity(table: pa.Table) -> float:
    """The most that one account moves the vector of cells' cuts in L2, in 64ths: the maximum over all k."""
    cells, cut = table["cells"].to_numpy(), np.array(cell_cuts(table), np.int64)
    return sqrt(int((cells * cut * cut).max()))


def largest_ratio(table: pa.Table) -> float:
    """The most that (kept + cut) / kept can be, for one account and hence for any sum over accounts."""
    kept, cut = (table[name].to_numpy() for name in ("kept", "cut"))
    return float((1 + cut / kept).max())
