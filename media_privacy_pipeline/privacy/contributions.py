"""Bounding: from (account, cell) rows to integer sums per cell to which each account contributes a bounded vector.

The SQL is made from the statement (bounding_sql.py), so that a column that is redefined cannot keep another one's
bound. Integers only, the same on both engines. Values outside the known cells are mapped or left out, by construction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import prod

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..engines import Input, Reader
from ..errors import UsageError
from ..release_policy import CellColumn, TableStatement
from .bounding_sql import CELL, DOMAIN, MISSING, OWN_WEIGHTS, WEIGHTS, bounding_sql, is_placed, merging_sql
from .mechanism import mechanism_of, weights_of
from .noise import Integers
from .weights import cell_cuts

_LARGEST_INTEGER = 2**31 - 1


@dataclass(frozen=True)
class Source:
    """Rows to be counted: a query in DuckDB's dialect over `inputs`, with the columns account_key, day (DATE), the
    statement's cell columns and the columns that its measures sum. Several rows of an account and cell are added."""

    sql: str
    inputs: Mapping[str, Input]


@dataclass(frozen=True)
class BoundedSums:
    """One day, before noise: `values` (measures, cells) in the mechanism's and the domain's order, and a last row of
    what was cut from each cell's count where the statement pays for that; `totals`, the weighted cells and what was
    cut, summed over accounts, and where cells' cuts are paid for, accounts beyond K cells; `levels`, values of groups
    of cells where there is a rollup. All in 64ths. Personal data: never stored, never logged."""

    values: Integers
    totals: Integers
    levels: tuple[Integers, ...] = ()


def domain_of(statement: TableStatement, public: Mapping[str, Sequence[str]]) -> pa.Table:
    """Every cell there is, one row each, in an order that does not depend on people's data.

    `public` holds the values of the cell columns that come from public tables. Raises UsageError where one is missing.
    """
    values = [_values(name, column, public) for name, column in statement.cells.items()]
    shape = [len(each) for each in values]
    codes = np.indices(shape).reshape(len(shape), -1) if shape else np.zeros((0, 0))
    columns = [pa.array(each, pa.string()).take(pa.array(code)) for each, code in zip(values, codes, strict=True)]
    return pa.table(dict(zip(statement.cells, columns, strict=True)))


def bounded_sums(
    engine: Reader,
    statement: TableStatement,
    source: Source,
    days: Iterable[date],
    public: Mapping[str, Sequence[str]],
    weights: pa.Table | None = None,
) -> dict[date, BoundedSums]:
    """Bounded sums of each day, in one query; rows of other days are left out.

    `weights` has columns account_key, day, cells, weight, kept, cut where they do not follow from the number of cells
    alone. An account that it lacks for a day, or knows with another number of cells, counts for nothing: so that no
    weight is ever given to other cells than those that it was made for.
    """
    wanted = sorted(set(days))
    if not wanted:
        return {}
    inputs = bounding_inputs(statement, source, public, weights)
    found = bounded_rows(engine, statement, source, wanted, inputs, own_weights=weights is not None)
    return _by_day(statement, found, wanted, public)


def bounding_inputs(
    statement: TableStatement, source: Source, public: Mapping[str, Sequence[str]], weights: pa.Table | None = None
) -> dict[str, Input]:
    """What `bounding_sql` reads: the source, the weights, and the known values of cell columns with their numbers."""
    inputs: dict[str, Input] = {**source.inputs}
    if weights is None:
        table = weights_of(statement)
        inputs[WEIGHTS] = table.append_column(MISSING, pa.array(cell_cuts(table), pa.int16()))
    else:
        inputs[OWN_WEIGHTS] = weights
    domains = {name: _values(name, column, public) for name, column in statement.cells.items() if not column.unknown}
    # Numbers of columns add up to the cell's place in `domain_of`.
    size = prod(len(values) for values in domains.values())
    number = pa.int32() if size <= _LARGEST_INTEGER else pa.int64()
    for name, values in domains.items():
        size //= max(len(values), 1)
        places = pa.array(range(0, size * len(values), max(size, 1)), number)
        inputs[DOMAIN + name] = pa.table({"value": pa.array(values, pa.string()), "number": places})
    return inputs


def cells_of_accounts(
    engine: Reader,
    statement: TableStatement,
    source: Source,
    days: Sequence[date],
    public: Mapping[str, Sequence[str]],
) -> pa.Table:
    """How many cells each account has on each day: account_key, day, cells, a row each, in no order."""
    merged = merging_sql(statement, source.sql, days, "account_key")
    sql = f"with {merged} select account as account_key, day, cells from sizes"
    return engine.fetch(sql, bounding_inputs(statement, source, public))


def bounded_rows(
    engine: Reader,
    statement: TableStatement,
    source: Source,
    days: Sequence[date],
    inputs: Mapping[str, Input],
    *,
    own_weights: bool = False,
) -> pa.Table:
    """What `bounding_sql` finds: the same integers whether accounts are told apart by their keys or by hashes."""
    hashed = engine.name == "duckdb" and statement.bounding == "weights"
    found = engine.fetch(bounding_sql(statement, source.sql, days, hashed=hashed, own_weights=own_weights), inputs)
    if hashed and pc.any(pc.not_equal(found["shared"], 0)).as_py():
        found = engine.fetch(bounding_sql(statement, source.sql, days, own_weights=own_weights), inputs)
    return found


def _by_day(
    statement: TableStatement, found: pa.Table, days: list[date], public: Mapping[str, Sequence[str]]
) -> dict[date, BoundedSums]:
    """Dense arrays over the whole domain from the rows that the query found."""
    mechanism = mechanism_of(statement)
    parts = mechanism.over_cells
    totals_rows = found.filter(found["is_total"])
    rows = found.filter(pc.invert(found["is_total"]))
    size = prod(len(_values(name, column, public)) for name, column in statement.cells.items())
    place = rows[CELL].to_numpy() if is_placed(statement) else _places(statement, rows, public)
    day_of = positions(rows["day"].cast(pa.date32()), pa.array(days, pa.date32()))
    dense = np.zeros((len(days), len(parts), size), dtype=np.int64)
    for number, part in enumerate(parts):
        dense[day_of, number, place] = rows[f"s_{part.name}"].to_numpy()
    totals = np.zeros((len(days), len(mechanism.totals)), dtype=np.int64)
    total_day = positions(totals_rows["day"].cast(pa.date32()), pa.array(days, pa.date32()))
    totals[total_day] = np.column_stack([totals_rows[name].to_numpy() for name in mechanism.totals])
    return {day: BoundedSums(dense[n], totals[n]) for n, day in enumerate(days)}


def _places(statement: TableStatement, rows: pa.Table, public: Mapping[str, Sequence[str]]) -> Integers:
    """Where each row's cell, told by the text of its columns, is in `domain_of`."""
    place = np.zeros(rows.num_rows, dtype=np.int64)
    for name, column in statement.cells.items():
        values = pa.array(_values(name, column, public), pa.string())
        place = place * len(values) + positions(rows[name].cast(pa.string()), values)
    return place


def _values(name: str, column: CellColumn, public: Mapping[str, Sequence[str]]) -> list[str]:
    if column.values:
        return list(column.values)
    if name not in public:
        raise UsageError(f"the cell column {name} takes its values from {column.of or 'the data'}: give them")
    return sorted(set(public[name]))


def positions(values: pa.ChunkedArray, among: pa.Array) -> Integers:
    """Where each of some values is among others, all of which are there."""
    found: Integers = pc.index_in(values, value_set=among).to_numpy().astype(np.int64)
    return found
