"""From one partition's noisy sums to the rows that its statement asks for. Post-processing alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from ..release_policy import TableStatement
from .contributions import BoundedSums
from .cut_rows import cut_rows
from .desk import Desk
from .estimate import measures_of
from .periods import cut_column, first_day, named, within
from .rollup import Groups, groups_of, rollup_rows, summed_up
from .running import with_totals, year_of


@dataclass(frozen=True)
class Shape:
    """A statement's cells and, with a rollup, their groups: public, and the same for every partition of a run."""

    cells: pa.Table
    groups: Groups | None

    def summed(self, sums: BoundedSums) -> BoundedSums:
        """Sums with those of the groups, where there are any."""
        return sums if self.groups is None else summed_up(sums, self.groups)


def shape_of(statement: TableStatement, cells: pa.Table, public: Mapping[str, Sequence[str]]) -> Shape:
    """The shape of a statement over its cells. Raises UsageError where a rollup's groups are not given."""
    return Shape(cells, None if statement.rollup is None else groups_of(statement, cells, public))


def published_rows(
    statement: TableStatement, first: date, shape: Shape, drawn: BoundedSums, before: Sequence[pa.Table] = ()
) -> pa.Table:
    """The rows of the partition that begins on `first`, from noisy sums; for totals, `before` are those of the year."""
    if cut_column(statement) is not None:
        rows = cut_rows(statement, shape.cells, drawn)
    elif shape.groups is not None:
        rows = rollup_rows(statement, shape.cells, shape.groups, drawn)
    else:
        rows = measures_of(within(statement), shape.cells, drawn.values, drawn.totals)
        rows = with_totals(statement, rows, drawn, before) if statement.to_date else rows
    return named(statement, first, rows)


def stored_before(name: str, statement: TableStatement, desk: Desk, first: date) -> list[pa.Table]:
    """The released partitions of the year before the one that begins on `first`, where totals are asked for.

    Raises Refused where one of them is lost or was changed: a total over what was not released would be no release.
    """
    if not statement.to_date or statement.period is None:
        return []
    found, day = [], first - timedelta(days=statement.period.days)
    while year_of(day) == year_of(first):
        stored = desk.find(name, day.isoformat())
        if stored is not None:
            found.append(pq.read_table(stored.path))
        day = first_day(statement, day - timedelta(days=1))
    return found
