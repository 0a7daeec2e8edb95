"""The published rows of a statement with cuts: accounts, the curve of the cut column, and its quantiles."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pyarrow as pa

from ..release_policy import TableStatement
from .contributions import BoundedSums
from .curves import curve, quantiles
from .estimate import ratio_of, rounded, scaled
from .mechanism import mechanism_of
from .periods import cut_column
from .ratios import Estimate, Floats
from .weights import ONE

_SHARE_DECIMALS = 4
_VALUE_DECIMALS = 2


def cut_rows(statement: TableStatement, cells: pa.Table, drawn: BoundedSums) -> pa.Table:
    """One row a cell without the cut column c: the count of accounts, c_<cut> for the share that reached each cut and
    c_p<percent> for each quantile, cuts and quantiles divided by `per`, all with their intervals.

    Debiasing scales the count alone: in shares and quantiles it cancels. They are of the weighted accounts.
    """
    name = str(cut_column(statement))
    column = statement.cells[name]
    names = [other for other in cells.column_names if other != name]
    mechanism = mechanism_of(statement)
    (counted,) = mechanism.sums
    # The cut column need not be the last one: its ranges are brought side by side.
    order = np.lexsort([_codes(cells[other]) for other in [name, *reversed(names)]])
    ranges = 1 + len(column.cuts)
    counts = drawn.values[0][order].reshape(-1, ranges).astype(np.float64)
    columns = _named(
        name, curve(counts, counted.sigma), [_plain(cut / column.per) for cut in column.cuts], _SHARE_DECIMALS
    )
    if column.quantiles:
        edges = (0, *column.cuts, int(column.most or 0))
        found = quantiles(counts, counted.sigma, edges, column.quantiles)
        per = Estimate(found.value / column.per, found.low / column.per, found.high / column.per)
        columns |= _named(name, per, [f"p{_plain(100 * p)}" for p in column.quantiles], _VALUE_DECIMALS)
    accounts = scaled(counts.sum(axis=1) / ONE, counted.sigma * sqrt(ranges) / ONE, ratio_of(mechanism, drawn.totals))
    columns = rounded(counted.name, accounts, 0) | columns
    table = cells.take(pa.array(order[::ranges])).select(names)
    for title, values in columns.items():
        table = table.append_column(title, pa.array(values, pa.float64()))
    return table


def _named(name: str, found: Estimate, titles: list[str], decimals: int) -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for n, title in enumerate(titles):
        each = Estimate(found.value[:, n], found.low[:, n], found.high[:, n])
        columns |= rounded(f"{name}_{title}", each, decimals)
    return columns


def _plain(number: float) -> str:
    """A number as part of a column's name: 25, and 2_5 for 2.5."""
    return f"{round(number, 6):g}".replace(".", "_")


def _codes(column: pa.ChunkedArray) -> Floats:
    """Place of each value by its first appearance, which is the domain's order."""
    codes: Floats = column.combine_chunks().dictionary_encode().indices.to_numpy()
    return codes
