"""Cells whose keys are not known beforehand: those that the data have, and which of them may be told.

Noise is drawn for every cell that some account has, and a cell is told where its noisy weighted count of accounts
reaches the threshold. What is told is ordered by key: neither the order nor anything else of a hidden cell gets out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..engines import Reader
from ..release_policy import TableStatement
from .contributions import BoundedSums, Source, bounded_rows, bounding_inputs
from .mechanism import mechanism_of


@dataclass(frozen=True)
class FoundSums:
    """One day, before noise: the cells that some account has, by key, and their sums. Personal data, keys included:
    never stored, never logged."""

    cells: pa.Table
    sums: BoundedSums


def found_sums(
    engine: Reader, statement: TableStatement, source: Source, days: Iterable[date]
) -> dict[date, FoundSums]:
    """Bounded sums of the cells that each day has, in one query; rows of other days are left out."""
    wanted = sorted(set(days))
    if not wanted:
        return {}
    found = bounded_rows(engine, statement, source, wanted, bounding_inputs(statement, source, {}))
    found = found.set_column(found.column_names.index("day"), "day", found["day"].cast(pa.date32()))
    totals = found.filter(found["is_total"])
    cells = found.filter(pc.invert(found["is_total"])).sort_by([(name, "ascending") for name in statement.cells])
    return {day: _of_day(statement, _on(cells, day), _on(totals, day)) for day in wanted}


def told(statement: TableStatement, cells: pa.Table, drawn: BoundedSums) -> tuple[pa.Table, BoundedSums]:
    """The cells whose noisy count reaches the statement's threshold, in the order given, and their noisy sums."""
    mechanism = mechanism_of(statement)
    shown = drawn.values[mechanism.counts_place] >= mechanism.threshold
    return cells.filter(pa.array(shown)), BoundedSums(drawn.values[:, shown], drawn.totals)


def _on(rows: pa.Table, day: date) -> pa.Table:
    return rows.filter(pc.equal(rows["day"], pa.scalar(day, pa.date32())))


def _of_day(statement: TableStatement, cells: pa.Table, totals: pa.Table) -> FoundSums:
    values = [cells[f"s_{part.name}"].to_numpy().astype(np.int64) for part in mechanism_of(statement).sums]
    # A day without rows has no row of totals.
    both = np.array([sum(totals[name].to_pylist()) for name in ("kept", "cut")], np.int64)
    keys = pa.table({name: cells[name].cast(pa.string()) for name in statement.cells})
    return FoundSums(keys, BoundedSums(np.stack(values), both))
