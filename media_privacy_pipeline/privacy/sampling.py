"""L0 bounding by hash sampling, the alternative to weights: m of an account's cells count whole, the others not at all.

Which m: those whose hash of account, day and cell is least. The account is in the hash, so that everybody keeps cells
of their own choosing; it stands there as its pseudonym, which is keyed already, so that no key enters SQL. The bound
needs no secrecy: m cells are kept whatever the hash is. What the hash must be is blind to what people like.
"""

from __future__ import annotations

from functools import lru_cache

import pyarrow as pa

from ..release_policy import TableStatement
from .weights import ONE


@lru_cache(maxsize=64)
def sample_table(kept_cells: int, most_cells: int) -> pa.Table:
    """As weights.weight_table: columns cells, weight, kept, cut, for 1..K cells; who has more counts as having K."""
    cells = range(1, most_cells + 1)
    kept = [ONE * min(k, kept_cells) for k in cells]
    columns = {"cells": list(cells), "weight": [ONE] * most_cells, "kept": kept}
    columns["cut"] = [ONE * k - x for k, x in zip(cells, kept, strict=True)]
    return pa.table({name: pa.array(values, pa.int64()) for name, values in columns.items()})


def sized(statement: TableStatement) -> str:
    """The SQL of an account's number of cells, by which it is weighted."""
    return f"least({statement.most_cells}, count(*))" if statement.bounding == "sample" else "count(*)"


def bounded(statement: TableStatement, cells: str) -> str:
    """The SQL of the rows (account, day, cell) of the relation `cells` that count: all, or a sample of each account's.

    Every part of what is hashed but the last is told apart by its length; should two cells of an account share a hash
    after all, the cell itself decides, so that both engines keep the same.
    """
    if statement.bounding == "weights":
        return cells
    names = list(statement.cells)
    parts = ["account", "cast(day as varchar)", *names]
    hashed = " || '|' || ".join(f"cast(length({part}) as varchar) || ':' || {part}" for part in parts)
    order = ", ".join([f"md5({hashed})", *names])
    place = f"row_number() over (partition by account, day order by {order})"
    return f"(select * from {cells} qualify {place} <= {statement.squared_norm}) as sampled"
