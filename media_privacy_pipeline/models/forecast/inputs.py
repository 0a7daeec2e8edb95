"""Reads open tables from the lake for the forecasts: released days alone, and nothing that was not paid for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session
from ..inputs import read
from ..interactions import Floats
from .panel import Panel, Rows, Traits, panel_of

COUNTS = "title_daily"
_MEASURE = ("viewers", "viewers_high")


def released_days(session: Session, table: str, as_of: datetime, most: int) -> list[date]:
    """The last days (or first days of periods) of a released table that began before the as-of time."""
    return [day for day in session.lake.days(table) if datetime.combine(day, time()) < as_of][-most:]


def panel(session: Session, days: Sequence[date]) -> Panel:
    """Released viewers of every title of the catalogue on these days."""

    def rows(day: date) -> Rows:
        table = read(session, COUNTS, ["title_id", *_MEASURE], [day])
        value, high = (measure(table, name) for name in _MEASURE)
        return table.column("title_id").to_pylist(), value, high

    return panel_of(((day, rows(day)) for day in days), traits(session))


def traits(session: Session) -> dict[str, Traits]:
    """What the catalogue says of each title."""
    columns = ["title_id", "kind", "genres", "creator", "available_from"]
    return {
        row["title_id"]: Traits(
            genre=next(iter(row["genres"] or ()), "") or "",
            creator=row["creator"] or "",
            kind=row["kind"] or "",
            released=_day(row["available_from"]),
        )
        for row in read(session, "accepted_titles", columns).to_pylist()
    }


def measure(table: pa.Table, name: str) -> Floats:
    """A column as floats, nothing of it missing."""
    return np.asarray(pc.fill_null(table.column(name), 0.0).to_numpy(), np.float64)


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _day(value: date | datetime | None) -> date | None:
    return value.date() if isinstance(value, datetime) else value
