"""What became of every row: exact counts by arrival day, stage and reason, and the equation that they satisfy."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Session
from ..errors import Refused
from ..lake import fingerprint_of
from .sources import Source

PARTS = ("accepted", "duplicate", "superseded", "quarantined", "dropped")
"""The stages that `landed` is the sum of. unreadable_file counts files, undeclared_column and flagged count again."""


class Count(NamedTuple):
    """One row of the accounting."""

    arrival_day: date
    source: str
    stage: str
    reason: str
    rows: int


def balance(counts: Iterable[Count]) -> dict[tuple[date, str], int]:
    """Rows that are missing (or, below zero, too many) by day and input: landed less the stages that it falls into.

    Empty where every row is accounted for.
    """
    missing: dict[tuple[date, str], int] = defaultdict(int)
    for count in counts:
        if count.stage == "landed":
            missing[count.arrival_day, count.source] += count.rows
        elif count.stage in PARTS:
            missing[count.arrival_day, count.source] -= count.rows
    return {where: rows for where, rows in missing.items() if rows}


def check_balance(counts: Sequence[Count]) -> None:
    """Raises Refused that names the first day and input whose rows are not all accounted for."""
    for (day, source), rows in sorted(balance(counts).items()):
        raise Refused(
            f"{source} of {day}: {abs(rows)} rows {'are lost' if rows > 0 else 'were counted twice'}: nothing was let "
            "in; this is a fault of the pipeline or a file that changed while it was read: run again"
        )


def write(session: Session, source: Source, days: Sequence[date], counts: Iterable[Count]) -> None:
    """Keep an input's counts of some days in place of earlier ones.

    Rows of zero are left out, but that nothing landed where a file came: it tells an empty delivery from none.
    """
    by_day: dict[date, list[Count]] = {day: [] for day in days}
    for count in sorted(counts):
        if count.rows or count.stage == "landed":
            by_day[count.arrival_day].append(count)
    prints = {day: fingerprint_of(*rows) for day, rows in by_day.items()}
    with session.lake.write(source.accounted, prints, days) as staging:
        for day, rows in by_day.items():
            if not rows:
                # An empty partition says it all: over years of sparse days, a file for each takes as long as the rest.
                continue
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            columns = {
                "source": pa.array([row.source for row in rows], pa.string()),
                "stage": pa.array([row.stage for row in rows], pa.string()),
                "reason": pa.array([row.reason for row in rows], pa.string()),
                "rows": pa.array([row.rows for row in rows], pa.int64()),
            }
            pq.write_table(pa.table(columns), folder / "part-0.parquet")


def totals(session: Session, source: Source, days: Sequence[date]) -> dict[str, int]:
    """Kept counts of an input over some days, by stage."""
    found: Counter[str] = Counter()
    for file in session.lake.files(source.accounted, days):
        for row in pq.ParquetFile(file).read(["stage", "rows"]).to_pylist():
            found[row["stage"]] += row["rows"]
    return dict(sorted(found.items()))
