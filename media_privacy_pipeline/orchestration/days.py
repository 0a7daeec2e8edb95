"""Which arrival days there are, and which of them a run takes in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from ..engines import Span
from ..errors import UsageError

DAILY_SOURCES = ("viewing_events", "search_events", "consent_events", "subject_requests")
SNAPSHOT_SOURCES = ("accounts", "titles")

# What Dagster shows where nothing has landed yet, so that it can be opened before the first delivery.
_NOTHING_LANDED = date(2026, 1, 1)


def arrival_days(landing: Path) -> list[date]:
    """Days with a `day=YYYY-MM-DD` folder in any source of the landing zone, in order; none where there is no zone."""
    folders = (folder for source in DAILY_SOURCES for folder in (landing / source).glob("day=*"))
    return sorted({day for folder in folders if (day := _day(folder.name)) is not None})


def late_days(landing: Path, until: date) -> list[date]:
    """Days up to `until` that should have a delivery of viewing events and have none."""
    landed = {day for folder in (landing / "viewing_events").glob("day=*") if (day := _day(folder.name)) is not None}
    if not landed:
        return []
    first = min(landed)
    expected = (first + timedelta(days=n) for n in range((until - first).days + 1))
    return [day for day in expected if day not in landed]


def first_and_last(landing: Path) -> tuple[date, date]:
    """The first and last arrival day. Raises UsageError where the landing zone is missing or holds no day."""
    if not landing.is_dir():
        raise UsageError(
            f"{landing}: there is no landing zone here; `media-privacy simulate --out {landing}` makes one"
        )
    days = arrival_days(landing)
    if not days:
        raise UsageError(
            f"{landing}: no arrival day; expected folders such as {landing / 'viewing_events' / 'day=2026-01-31'}"
        )
    return days[0], days[-1]


def span_between(landing: Path, first: date | None, last: date | None, as_of: str | None = None) -> Span:
    """The span of a run: the days that are asked for, by default all that landed; `as_of` in ISO-8601, naive UTC.

    Raises UsageError for days in the wrong order, a missing landing zone or a time that is none.
    """
    if first is not None and last is not None and last < first:
        raise UsageError(f"--from {first} is after --to {last}: the days are in the wrong order")
    landed_first, landed_last = first_and_last(landing)
    first, last = first or min(landed_first, last or landed_first), last or max(landed_last, first or landed_last)
    return Span.of(first, last, parse_as_of(as_of))


def parse_as_of(text: str | None) -> datetime | None:
    """A time in ISO-8601 as naive UTC; a zone is converted, none means UTC. Raises UsageError where it is none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of {text}: not a time; write it as 2026-01-31T00:00:00") from None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo is not None else moment


def partition_start(landing: Path, first_day: date | None) -> date:
    """The first day that Dagster shows."""
    return first_day or min(arrival_days(landing), default=_NOTHING_LANDED)


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(name.removeprefix("day="))
    except ValueError:
        return None
