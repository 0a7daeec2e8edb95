"""What a statement is released from: the rows that count, and the public values of its cells."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engines import Session
from ..errors import UsageError
from ..release_policy import PERIOD, TableStatement
from ..release_shapes import Rollup
from ..sql.contracts import PrivacyClass
from .closed import arrival_days, counted_by
from .contributions import Source

_UNKNOWN = "unknown"


def source_of(session: Session, table: str, days: Sequence[date]) -> Source:
    """The rows that count on these days: permitted, and arrived before each day was closed."""
    lag, counted = session.policy.consent.closing_lag_days, counted_by(session, table)
    # A player's clock may run ahead, so that an event of a day arrives on the day before.
    ahead = {day - timedelta(days=1) for day in days}
    arrivals = sorted(ahead.union(*(arrival_days(day, lag) for day in days)))
    contributions = session.project.render(f"{table}_contributions")
    sql = f"select * from ({contributions}) as contributions where date_diff('day', day, arrival_day) <= {lag}"
    beside = session.project.sources(f"{table}_contributions") - {counted}
    for name in sorted(beside):
        # Rows of an account may depend on its own events and on what is public, or its bound would not hold.
        if session.project.graph.rows_class(name) is not PrivacyClass.public:
            raise UsageError(f"{table}_contributions reads {name}, which is not public: only {counted} may be personal")
    return Source(sql, {counted: session.folder(counted, arrivals), **{name: session.folder(name) for name in beside}})


def public_values(session: Session, statement: TableStatement) -> dict[str, list[str]]:
    """Values of the cell columns that come from public tables."""
    public: dict[str, list[str]] = {}
    for name, column in statement.cells.items():
        if column.of is not None and column.of != PERIOD:
            files = session.lake.files(column.of)
            values = (
                pa.concat_arrays(
                    [pc.unique(pq.read_table(file, columns=[name])[name].combine_chunks()) for file in files]
                )
                if files
                else pa.array([], pa.string())
            )
            public[name] = sorted(set(values.to_pylist()) - {None})
    rollup = statement.rollup
    if rollup is not None:
        groups = _groups(session, str(statement.cells[rollup.column].of), rollup)
        public[rollup.by] = [groups[value] for value in public[rollup.column]]
    return public


def _groups(session: Session, table: str, rollup: Rollup) -> dict[str, str]:
    """What each value of a public column is grouped by: the first where that is a list, unknown where there is none."""
    files = session.lake.files(table)
    rows = [row for file in files for row in pq.read_table(file, columns=[rollup.column, rollup.by]).to_pylist()]
    lists = {row[rollup.column]: row[rollup.by] for row in rows}
    firsts = {value: by[0] if isinstance(by, list) and by else by for value, by in lists.items()}
    return {value: str(by) if by else _UNKNOWN for value, by in firsts.items()}
