"""Destroying what is past its time: rows out of stored partitions, whole days, retired files, old models."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session
from ...errors import Refused
from ...keeping import Held, Mask, back, of_held, past, suspects
from ...models.registry import Registry
from ...models.training import is_private, registry
from ...published.shelf import retire, shelf_of
from .windows import Window, windows

_PERMITTED = "permitted_"


class Destroyed(NamedTuple):
    """What went: rows and files of the lake, restricted files of superseded releases, models out of service."""

    rows: int = 0
    files: int = 0
    released_files: int = 0
    models: int = 0

    @property
    def anything(self) -> bool:
        """Whether anything was destroyed."""
        return any(self)


def destroy(session: Session, as_of: datetime, held: Held) -> Destroyed:
    """Destroy everything that is past its window as of a time, but for raw rows of people under a hold.

    A partition that loses all its rows stays, empty, as made: what landed on its day is not let in again. Doing it
    again finds nothing to do.
    """
    rows = files = 0
    for window in windows(session):
        if window.category == "undeclared" and window.table.startswith(_PERMITTED):
            # The purpose, or what it saw, was taken out of the policy: no step makes or forgets it any more.
            rows, files = rows + session.lake.rows(window.table), files + len(session.lake.files(window.table))
            session.lake.delete(window.table)
        elif window.days is not None and window.time is not None:
            lost = _rewrite(session, window, window.time, back(as_of, window.days), held)
            rows, files = rows + lost[0], files + lost[1]
        elif window.days is not None:
            days = overdue_days(session, window, as_of)
            rows, files = rows + session.lake.rows(window.table, days), files + len(days)
            session.lake.delete(window.table, days)
    released = retire(shelf_of(session.settings), session.policy, as_of)
    return Destroyed(rows, files, released, _models(session, as_of))


def overdue_days(session: Session, window: Window, as_of: datetime) -> list[date]:
    """Days of a table kept by day that are past its window as a whole."""
    since = back(as_of, window.days or 0)
    return [
        day for day in session.lake.days(window.table) if datetime.combine(day, time()) + timedelta(days=1) <= since
    ]


def overdue_models(session: Session, as_of: datetime) -> dict[str, date]:
    """Models out of service that learned from nothing new for longer than the policy says: name and last day."""
    since = back(as_of, session.policy.retention.models_days).date()
    return {name: day for name, day in idle_models(session).items() if day < since}


def idle_models(session: Session) -> dict[str, date]:
    """Models of people's data out of service, and the last arrival day that each learned from: the first of all days
    for one that cannot be read, so that it goes. Private models hold nobody, and are no people's data."""
    where = registry(session.settings.models)
    idle = [name for name in where.names() if name != where.champion() and not is_private(where, name)]
    return {name: _last_day(where, name) for name in idle}


def _last_day(where: Registry, name: str) -> date:
    try:
        return date.fromisoformat(where.load(name).manifest["last_day"])
    except (Refused, KeyError, TypeError, ValueError):
        return date.min


def _models(session: Session, as_of: datetime) -> int:
    old = overdue_models(session, as_of)
    for name in old:
        registry(session.settings.models).delete(name)
    return len(old)


def _rewrite(session: Session, window: Window, column: str, since: datetime, held: Held) -> tuple[int, int]:
    found = suspects(session.lake.files(window.table), column, since, window.width)
    if not found:
        return 0, 0
    gone = past(column, since, window.width)
    kept_anyway = of_held(held) if window.category == "accepted" else None

    def stays(piece: pa.Table) -> Mask:
        young = pc.invert(gone(piece))
        return young if kept_anyway is None else pc.or_(young, kept_anyway(piece))

    days = sorted({date.fromisoformat(file.parent.name.partition("=")[2]) for file in found})
    lost = session.lake.rewrite(window.table, stays, f"past retention from {since}", days)
    return sum(one.rows_before - one.rows_after for one in lost), len(lost)
