"""The proof of retention: the oldest row of every store against its window, by reading what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...engines import Session
from ...keeping import Held, back, back_by, lowest, of_held, past
from ...landing import quarantine
from ...landing.sources import SOURCES
from ...published.shelf import shelf_of, superseded
from .destroy import idle_models, overdue_days, overdue_models
from .windows import Window, windows


class Line(NamedTuple):
    """One row of `retention_proof`; its contract says what each column means."""

    table: str
    category: str
    window_days: int | None
    oldest_day: date | None
    rows: int | None
    held_rows: int | None
    due: int

    @property
    def ok(self) -> bool:
        """Whether nothing is past its window and still there."""
        return self.due == 0


class _Found(NamedTuple):
    """What one file holds: rows, the earliest that no hold keeps, those that are past and held, those that are due."""

    rows: int
    oldest: datetime | None
    held: int = 0
    due: int = 0


def proof(session: Session, as_of: datetime, held: Held) -> list[Line]:
    """What is stored against its window, as of a time: lake tables, quarantine, superseded releases, idle models.

    Held rows that are fewer than the minimum cell size are told as None.
    """
    lines = [_line(session, window, as_of, held) for window in windows(session)]
    lines += [*_quarantine(session, as_of), *_releases(session, as_of), *_models(session, as_of)]
    return sorted(lines, key=lambda line: line.table)


def _line(session: Session, window: Window, as_of: datetime, held: Held) -> Line:
    files = session.lake.files(window.table)
    if window.days is None or window.time is None:
        rows = sum(pq.read_metadata(file).num_rows for file in files)
        if window.category == "undeclared":
            return Line(window.table, window.category, None, None, rows, 0, max(rows, 1))
        days = session.lake.days(window.table)
        due = session.lake.rows(window.table, overdue_days(session, window, as_of)) if window.days is not None else 0
        return Line(window.table, window.category, window.days, min(days, default=None), rows, 0, due)
    since = back(as_of, window.days)
    found = [_look(file, window, window.time, since, held) for file in files]
    oldest = min((each.oldest for each in found if each.oldest is not None), default=None)
    return Line(
        window.table,
        window.category,
        window.days,
        None if oldest is None else oldest.date(),
        sum(each.rows for each in found),
        _told(session, sum(each.held for each in found)),
        sum(each.due for each in found),
    )


def _look(file: Path, window: Window, time: str, since: datetime, held: Held) -> _Found:
    rows = pq.read_metadata(file).num_rows
    oldest = lowest(file, time)
    if oldest is None or oldest >= back_by(since, window.width):
        return _Found(rows, oldest)
    raw = window.category == "accepted"
    gone, stays = past(time, since, window.width), of_held(held)
    holds = overdue = 0
    lowest_left: list[datetime] = []
    with pq.ParquetFile(file) as source:
        for group in range(source.num_row_groups):
            table = source.read_row_group(group, columns=[time, "account_id", "profile_id"] if raw else [time])
            old = gone(table)
            kept = pc.and_(old, stays(table)) if raw else pc.and_(old, False)
            holds, overdue = holds + (pc.sum(kept).as_py() or 0), overdue + (pc.sum(old).as_py() or 0)
            least = pc.min(table.filter(pc.invert(kept))[time]).as_py()
            lowest_left += [] if least is None else [least]
    return _Found(rows, min(lowest_left, default=None), holds, overdue - holds)


def _told(session: Session, rows: int) -> int | None:
    return None if 0 < rows < session.policy.published.min_cell_size else rows


def _quarantine(session: Session, as_of: datetime) -> Iterator[Line]:
    window = session.policy.landing.quarantine_days
    limit = as_of.date() - timedelta(days=window)
    for source in SOURCES:
        days = quarantine.days(session, source)
        if days:
            due = sum(day < limit for day in days)
            yield Line(f"quarantine/{source}", "quarantine", window, days[0], None, 0, due)


def _releases(session: Session, as_of: datetime) -> Iterator[Line]:
    window = session.policy.published.retire_after_days
    since = superseded(shelf_of(session.settings))
    if since:
        due = sum(as_of - ended >= timedelta(days=window) for ended in since.values())
        yield Line("published/restricted", "restricted_releases", window, min(since.values()).date(), None, 0, due)


def _models(session: Session, as_of: datetime) -> Iterator[Line]:
    idle = idle_models(session)
    if idle:
        due = len(overdue_models(session, as_of))
        window = session.policy.retention.models_days
        yield Line("models/recommenders", "models", window, min(idle.values()), None, 0, due)
