"""What is past its time: the rule that the door and the nightly retention share, and how a stored file is asked for it.

An event is kept while it began no longer ago than its days, seen from the as-of time of a run and never from the wall
clock; an event of a person under a legal hold is kept however old it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .policy import Policy

EventSource = Literal["viewing_events", "search_events"]
EVENT_TIMES: Final[dict[EventSource, str]] = {"viewing_events": "started_at", "search_events": "searched_at"}
"""The inputs whose rows are events, and the column that says when one happened."""

Held = frozenset[tuple[str, str | None]]
"""Who is under a legal hold: (account_id, profile_id), or (account_id, None) for every profile of the account."""

Mask: TypeAlias = pa.BooleanArray | pa.ChunkedArray
_US = pa.timestamp("us")
_WITHIN = "\x1f"


def kept_from(policy: Policy, source: EventSource, as_of: datetime) -> datetime:
    """The first instant whose accepted events are kept as of a time."""
    return back(as_of, policy.kept_days(source))


def back(as_of: datetime, days: int) -> datetime:
    """A time so many whole days before another; the first instant there is where they reach further."""
    return as_of - timedelta(days=days) if (as_of - datetime.min).days >= days else datetime.min


def lowest(file: Path, column: str) -> datetime | None:
    """The earliest time in a column of a Parquet file; None where it has no rows.

    The footer says it; where a writer put no statistics there, the column is read.
    """
    metadata = pq.read_metadata(file)
    if metadata.num_rows == 0:
        return None
    place = metadata.schema.to_arrow_schema().names.index(column)
    found = [metadata.row_group(n).column(place).statistics for n in range(metadata.num_row_groups)]
    if all(each is not None and each.has_min_max for each in found):
        return min(_naive(each.min) for each in found)
    times = pq.ParquetFile(file).read([column])[column].cast(_US, safe=False)
    least: datetime | None = pc.min(times).as_py()
    return least


def past(time: str, since: datetime, width: timedelta = timedelta(0)) -> Callable[[pa.Table], Mask]:
    """Which rows began before an instant. A time that was cut to the hour or day (`width`) stands for all of it, and
    is past when all of it is."""

    def rows(piece: pa.Table) -> Mask:
        return pc.less(piece[time].cast(_US, safe=False), pa.scalar(back_by(since, width), _US))

    return rows


def back_by(since: datetime, width: timedelta) -> datetime:
    """The first value of a column of times of a width that stands for something at or after an instant."""
    return since - width + timedelta(microseconds=1) if width and since > datetime.min + width else since


def of_held(held: Held) -> Callable[[pa.Table], Mask]:
    """Which rows (of columns account_id and profile_id) are about somebody under a hold."""
    accounts = pa.array(sorted(account for account, profile in held if profile is None), pa.string())
    pairs = pa.array(sorted(f"{account}{_WITHIN}{profile}" for account, profile in held if profile), pa.string())

    def rows(piece: pa.Table) -> Mask:
        both = pc.binary_join_element_wise(piece["account_id"], piece["profile_id"], _WITHIN)
        return pc.or_(pc.is_in(piece["account_id"], accounts), pc.is_in(both, pairs))

    return rows


def suspects(files: Iterable[Path], time: str, since: datetime, width: timedelta = timedelta(0)) -> list[Path]:
    """The files that hold a row that began before an instant."""
    limit = back_by(since, width)
    return [file for file in files if (least := lowest(file, time)) is not None and least < limit]


def _naive(time: datetime) -> datetime:
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
