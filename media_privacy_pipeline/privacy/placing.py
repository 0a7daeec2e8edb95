"""Rows before they are bounded: each with its period for a day, and with the range that its account's sum lies in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from ..engines import Input
from ..release_policy import PERIOD, CellColumn, TableStatement
from .bounding_sql import listed_sql, mapped_sql
from .contributions import Source
from .periods import DAY_CELL, cut_column, days_of, first_day

_DAYS = "period_days"


def placed(statement: TableStatement, source: Source, firsts: Sequence[date]) -> Source:
    """`source` for `within(statement)`: its day is the first day of the row's period; rows of other days are left out.

    What is cut is added up first, over an account's rows of a cell and period, each clipped to 0..most, so that an
    account is in one range of each cell.
    """
    cut = cut_column(statement)
    if statement.period is None and cut is None:
        return source
    days = days_of(statement, firsts)
    places = pa.table(
        {
            "day": pa.array(days, pa.date32()),
            "period": pa.array([first_day(statement, day) for day in days], pa.date32()),
            DAY_CELL: [str((day - first_day(statement, day)).days) for day in days],
        }
    )
    inputs: dict[str, Input] = {**source.inputs, _DAYS: places}
    names = {name: DAY_CELL if column.of == PERIOD else name for name, column in statement.cells.items()}
    cells = [_cell(name, names[name], column) for name, column in statement.cells.items() if name != cut]
    summed = sorted({measure.of for measure in statement.measures.values() if measure.of is not None})
    rows = f"from ({source.sql}) as contributed join {_DAYS} on contributed.day = {_DAYS}.day"
    if cut is None:
        columns = ["contributed.account_key", f"{_DAYS}.period as day", *cells]
        return Source(f"select {', '.join([*columns, *(f'contributed.{name}' for name in summed)])} {rows}", inputs)
    column = statement.cells[cut]
    keys = [name for name in names.values() if name != cut]
    amount = f"cast(greatest(0, least({column.most}, coalesce(contributed.{cut}, 0))) as bigint)"
    merged = f"""
select account_key, day, {", ".join(keys)}, sum(amount) as amount
from (select contributed.account_key, {_DAYS}.period as day, {", ".join(cells)}, {amount} as amount {rows}) as rows_of
group by account_key, day, {", ".join(keys)}"""
    ranges = " ".join(f"when amount >= {at} then {listed_sql([str(at)])}" for at in reversed(column.cuts))
    return Source(
        f"select account_key, day, {', '.join(keys)}, case {ranges} else '0' end as {cut} from ({merged}) as merged_of",
        inputs,
    )


def _cell(name: str, inner: str, column: CellColumn) -> str:
    if inner == DAY_CELL:
        return f"{_DAYS}.{DAY_CELL}"
    # Mapped before ranges are made: two unknown values of an account are one cell, and one sum.
    return f"{mapped_sql(f'contributed.{name}', column)} as {name}"
