"""Each account once: the SQL that gives every account of a period its cell in each of the tables over the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa

from ..engines import Engine, Folder
from ..exact_policy import ExactTable
from .deciding import Cell

_UNKNOWN = "unknown"


class Counted(NamedTuple):
    """Counts of accounts by cell for each table, and by the cells of all tables at once (in the tables' order)."""

    by_table: Mapping[str, Mapping[Cell, int]]
    jointly: Mapping[tuple[Cell, ...], int]


def count(engine: Engine, tables: Mapping[str, ExactTable], rows: Folder) -> Counted:
    """Count the accounts of a period's rows, from one query; the tables must have one source."""
    source = next(iter(tables.values())).source
    found = engine.fetch(counting_sql(tables), {source: rows})
    jointly = _cells(found, [len(table.columns) for table in tables.values()])
    by_table: dict[str, dict[Cell, int]] = {}
    for place, name in enumerate(tables):
        counts: dict[Cell, int] = {}
        for cells, accounts in jointly.items():
            counts[cells[place]] = counts.get(cells[place], 0) + accounts
        by_table[name] = counts
    return Counted(by_table, jointly)


def counting_sql(tables: Mapping[str, ExactTable]) -> str:
    """The query behind `count`, in DuckDB's dialect. An account's cell in a table is the one that most of its rows
    have, the first in order where several have as many: one account moves one cell of each table, by 1."""
    parts, names = [], []
    for place, table in enumerate(tables.values()):
        columns = [f"c{place}_{n}" for n in range(len(table.columns))]
        names += columns
        read = ", ".join(
            f"coalesce(cast({column} as varchar), '{_UNKNOWN}') as {name}"
            for column, name in zip(table.columns, columns, strict=True)
        )
        listed = ", ".join(columns)
        parts.append(f"read{place} as (select account_key, {read} from {table.source} where account_key is not null)")
        parts.append(
            f"often{place} as (select account_key, {listed}, count(*) as times from read{place} "
            f"group by account_key, {listed})"
        )
        parts.append(
            f"ranked{place} as (select account_key, {listed}, row_number() over "
            f"(partition by account_key order by times desc, {listed}) as place from often{place})"
        )
        parts.append(f"cell{place} as (select account_key, {listed} from ranked{place} where place = 1)")
    joins = "".join(f" join cell{place} using (account_key)" for place in range(1, len(tables)))
    listed = ", ".join(names)
    return (
        f"with {', '.join(parts)} select {listed}, cast(count(*) as bigint) as accounts "
        f"from cell0{joins} group by {listed}"
    )


def _cells(found: pa.Table, widths: list[int]) -> dict[tuple[Cell, ...], int]:
    cells = {}
    for *values, accounts in zip(*(column.to_pylist() for column in found.columns), strict=True):
        parts, start = [], 0
        for width in widths:
            parts.append(tuple(map(str, values[start : start + width])))
            start += width
        cells[tuple(parts)] = int(accounts)
    return cells
