"""Bounding: from (account, cell) rows to integer sums per cell to which each account contributes a bounded vector.

The SQL is made from the statement, so that a column that is redefined cannot keep another one's bound. Integers only,
the same on both engines. Values outside the known cells are mapped or left out here, by construction.
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
from .mechanism import mechanism_of, weights_of
from .noise import Integers
from .sampling import bounded, sized
from .weights import cell_cuts

_WEIGHTS = "bounding_weights"
_OWN_WEIGHTS = "account_weights"
_MISSING = "missing"
_DOMAIN = "domain_of_"
_CELL = "cell"
_HASHED = "hash(account_key)"
_LARGEST_SMALLINT, _LARGEST_INTEGER = 2**15 - 1, 2**31 - 1


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
        inputs[_WEIGHTS] = table.append_column(_MISSING, pa.array(cell_cuts(table), pa.int16()))
    else:
        inputs[_OWN_WEIGHTS] = weights
    domains = {name: _values(name, column, public) for name, column in statement.cells.items() if not column.unknown}
    # Numbers of columns add up to the cell's place in `domain_of`.
    size = prod(len(values) for values in domains.values())
    number = pa.int32() if size <= _LARGEST_INTEGER else pa.int64()
    for name, values in domains.items():
        size //= max(len(values), 1)
        places = pa.array(range(0, size * len(values), max(size, 1)), number)
        inputs[_DOMAIN + name] = pa.table({"value": pa.array(values, pa.string()), "number": places})
    return inputs


def cells_of_accounts(
    engine: Reader,
    statement: TableStatement,
    source: Source,
    days: Sequence[date],
    public: Mapping[str, Sequence[str]],
) -> pa.Table:
    """How many cells each account has on each day: account_key, day, cells, a row each, in no order."""
    merged = _merging_sql(statement, source.sql, days, "account_key")
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


def bounding_sql(
    statement: TableStatement,
    source: str,
    days: Sequence[date],
    *,
    hashed: bool = False,
    own_weights: bool = False,
) -> str:
    """The query behind `bounded_sums`: a row per day and cell, and one per day with null cells for the totals.

    Known cells are grouped by their place in `domain_of`, in a column `cell`: a third of the time and half of the
    memory of text. A sample of them is chosen by their text, and where a column is unknown, each stands by itself.
    `hashed`: accounts are told apart by DuckDB's hash of 64 bits, in place of keys, which would be three quarters of
    the memory and go to the disk. Where two accounts of these days share one, `shared` says so in the rows of totals,
    and the sums are of no use.
    """
    account = _HASHED if hashed else "account_key"
    names = [_CELL] if _placed(statement) else list(statement.cells)
    numbered = set(_numbered(statement))
    summed = {name for name, measure in statement.measures.items() if measure.of is not None}
    mechanism = mechanism_of(statement)
    added = {part.name: f"weight * {_centred(part.name, part.centre, summed)}" for part in mechanism.sums}
    added |= {} if mechanism.cut is None else {mechanism.cut.name: _MISSING}
    missing = "" if mechanism.cut is None else f", {_MISSING}"
    sums = ", ".join(f"cast(sum({each}) as bigint) as s_{name}" for name, each in added.items())
    named = ", ".join(f"{_DOMAIN}{name}.value as {name}" if name in numbered else f"by_cell.{name}" for name in names)
    domains = "".join(
        f" join {_DOMAIN}{name} on {_DOMAIN}{name}.number = by_cell.{name}" for name in names if name in numbered
    )
    kind = "bigint" if _placed(statement) else "varchar"
    nothing = ", ".join([f"cast(null as {kind}) as {name}" for name in names])
    no_sums = ", ".join(f"cast(0 as bigint) as s_{name}" for name in added)
    totals = ", ".join(mechanism.totals)
    added_up = ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in mechanism.totals)
    no_totals = ", ".join(f"cast(0 as bigint) as {name}" for name in mechanism.totals)
    weights = f"{_WEIGHTS} using (cells)"
    if own_weights:
        weights = f"(select *, {account} as account from {_OWN_WEIGHTS}) as own using (account, day, cells)"
    shared, shares = "", "cast(0 as bigint)"
    if hashed:
        keys = f"select account_key from ({source}) as contributed where {_wanted(days)} group by account_key"
        shared = f",\nshared as (select 1 from ({keys}) as keys group by {_HASHED} having count(*) > 1)"
        shares = "(select count(*) from shared)"
    return f"""
with {_merging_sql(statement, source, days, account)}{shared},
weights as (select account, day, cast(weight as integer) as weight, {totals}{missing} from sizes join {weights}),
by_cell as (select day, {", ".join(names)}, {sums} from {bounded(statement, "known")}
  join weights using (account, day) group by day, {", ".join(names)}),
by_day as (select day, {added_up} from weights group by day)
select day, {named}, {", ".join(f"s_{name}" for name in added)},
  {no_totals}, cast(0 as bigint) as shared, false as is_total
from by_cell{domains}
union all
select day, {nothing}, {no_sums}, {totals}, {shares} as shared, true as is_total from by_day
"""


def _merging_sql(statement: TableStatement, source: str, days: Sequence[date], account: str) -> str:
    """What bounding starts from: `known`, the clipped measures by account, day and cell; `sizes`, how many cells."""
    mapped = ", ".join(f"{mapped_sql(name, column)} as {name}" for name, column in statement.cells.items())
    conditions = [_wanted(days), *(f"{name} is not null" for name, column in statement.cells.items() if column.unknown)]
    measures = {name: measure for name, measure in statement.measures.items() if measure.of is not None}
    # A row is clipped before it is added, so that no input, however odd, overflows a sum.
    rows = "".join(
        f", cast(greatest(0, least({m.most}, coalesce({m.of}, 0))) as {_narrow(m.most)}) as m_{name}"
        for name, m in measures.items()
    )
    clipped = "".join(
        f", cast(greatest({m.least}, least({m.most}, sum(m_{name}))) as {_narrow(m.most)}) as m_{name}"
        for name, m in measures.items()
    )
    numbered = set(_numbered(statement))
    kept = {name: f"{_DOMAIN}{name}.number" if name in numbered else f"placed.{name}" for name in statement.cells}
    if _placed(statement):
        kept = {_CELL: " + ".join(kept.values())}
    known = "".join(
        f" join {_DOMAIN}{name} on {_DOMAIN}{name}.value = placed.{name}"
        for name, column in statement.cells.items()
        if not column.unknown
    )
    cells = ", ".join(f"{each} as {name}" for name, each in kept.items())
    return f"""contributed as ({source}),
placed as (select {account} as account, day, {mapped}{rows} from contributed where {" and ".join(conditions)}),
known as (select account, day, {cells}{clipped} from placed{known} group by account, day, {", ".join(kept.values())}),
sizes as (select account, day, {sized(statement)} as cells from known group by account, day)"""


def _wanted(days: Sequence[date]) -> str:
    return f"day in ({', '.join(_date(day) for day in days)}) and account_key is not null"


def _placed(statement: TableStatement) -> bool:
    """Whether a cell is grouped by its place among all there are: one number, whatever its columns."""
    return statement.bounding == "weights" and not statement.unknown_keys


def _numbered(statement: TableStatement) -> list[str]:
    """The cell columns that are grouped by the numbers of their values."""
    return [] if statement.bounding == "sample" else [n for n, column in statement.cells.items() if not column.unknown]


def _by_day(
    statement: TableStatement, found: pa.Table, days: list[date], public: Mapping[str, Sequence[str]]
) -> dict[date, BoundedSums]:
    """Dense arrays over the whole domain from the rows that the query found."""
    mechanism = mechanism_of(statement)
    parts = mechanism.over_cells
    totals_rows = found.filter(found["is_total"])
    rows = found.filter(pc.invert(found["is_total"]))
    size = prod(len(_values(name, column, public)) for name, column in statement.cells.items())
    place = rows[_CELL].to_numpy() if _placed(statement) else _places(statement, rows, public)
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


def mapped_sql(name: str, column: CellColumn) -> str:
    """The SQL of a cell column's value, unknown ones as `other`."""
    if column.other is None:
        return name
    return f"case when {name} in ({listed_sql(column.values)}) then {name} else {_text(column.other)} end"


def _narrow(most: int) -> str:
    """The type of a clipped value: DuckDB keeps a sum of smallint in half the memory of any other, in 64 bits."""
    return "smallint" if most < _LARGEST_SMALLINT else "bigint"


def _centred(name: str, centre: int, summed: Iterable[str]) -> str:
    if name not in summed:
        return "1"
    return f"(m_{name} - {centre})" if centre else f"m_{name}"


def _date(day: date) -> str:
    return f"date '{day.isoformat()}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def listed_sql(values: Iterable[str]) -> str:
    """Texts as literals, one after another."""
    return ", ".join(map(_text, values))
