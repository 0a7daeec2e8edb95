"""Periods of a fixed calendar, and the plain statement of a single one: which cells it has.

Nothing here changes a bound: docs/privacy-proofs.md, 10.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from math import ceil

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import UsageError
from ..release_policy import PERIOD, CellColumn, TableStatement

ORIGIN = date(1970, 1, 5)
"""A Monday. Periods of every length are counted from here."""
DAY_CELL = "day_of_period"


def first_day(statement: TableStatement, day: date) -> date:
    """First day of the period that a day lies in: the day itself where the statement has no period."""
    if statement.period is None:
        return day
    return day - timedelta(days=(day - ORIGIN).days % statement.period.days)


def last_day(statement: TableStatement, first: date) -> date:
    """The day that a partition is charged at: the last of the period that begins with `first`."""
    return first + timedelta(days=0 if statement.period is None else statement.period.days - 1)


def times_within(statement: TableStatement, days: int) -> int:
    """How many partitions so many days hold at most: the last days of periods, of which there is one more than whole
    periods where they do not fit."""
    return ceil(days / (1 if statement.period is None else statement.period.days))


def days_of(statement: TableStatement, firsts: Iterable[date]) -> list[date]:
    """Every day of the periods that begin with `firsts`, in order.

    Raises UsageError for a day that begins no period.
    """
    found = []
    for first in sorted(set(firsts)):
        if first_day(statement, first) != first:
            raise UsageError(f"{first}: no period begins on that day; {first_day(statement, first)} is the one before")
        found += [first + timedelta(days=n) for n in range((last_day(statement, first) - first).days + 1)]
    return found


def cut_column(statement: TableStatement) -> str | None:
    """Name of the cell column with cuts, if there is one."""
    return next((name for name, column in statement.cells.items() if column.cuts), None)


def within(statement: TableStatement) -> TableStatement:
    """The statement of a single partition: every cell column has values that are listed or public.

    A cut column has the lower ends of its ranges, the days of a period are numbered from 0. Bounds and cost are the
    same; a statement without period and cuts is returned as it is.
    """
    if statement.period is None and cut_column(statement) is None:
        return statement
    cells = {}
    for name, column in statement.cells.items():
        if column.of == PERIOD and statement.period is not None:
            cells[DAY_CELL] = CellColumn(values=tuple(map(str, range(statement.period.days))))
        elif column.cuts:
            cells[name] = CellColumn(values=tuple(map(str, (0, *column.cuts))))
        else:
            cells[name] = column
    return statement.model_copy(update={"cells": cells, "period": None, "to_date": False})


def named(statement: TableStatement, first: date, rows: pa.Table) -> pa.Table:
    """Released rows with the days of a period by their dates, in the column day, where days are cells."""
    if statement.period is None or DAY_CELL not in rows.column_names:
        return rows
    place = rows.column_names.index(DAY_CELL)
    dates = pa.array(days_of(statement, [first]), pa.date32())
    return rows.set_column(place, "day", dates.take(pc.cast(rows[DAY_CELL].combine_chunks(), pa.int64())))
