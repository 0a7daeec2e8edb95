"""Which days and periods are closed: all that belongs in them was taken in, and what comes later is left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta

from ..engines import Session, Span
from ..errors import UsageError
from ..release_policy import TableStatement
from .periods import first_day, last_day

COUNTED = ("permitted_analytics_viewing_events", "permitted_analytics_search_events")
"""The tables of people's rows that releases are made of."""


def counted_by(session: Session, table: str) -> str:
    """The one table of people's rows that a released table is made of.

    Raises UsageError where its contributions read none, or more than one: days are closed when all rows of one were
    taken in.
    """
    read = sorted(session.project.sources(f"{table}_contributions") & set(COUNTED))
    if len(read) != 1:
        raise UsageError(f"{table}_contributions must read one of {', '.join(COUNTED)}: it reads {len(read)} of them")
    return read[0]


def closed_days(session: Session, span: Span, counted: str) -> list[date]:
    """Event days that this span closes and that lie inside what was taken in of a counted table, in order."""
    lag = session.policy.consent.closing_lag_days
    taken_in = session.lake.days(counted)
    days = (day - timedelta(days=lag) for day in span.days)
    return [day for day in days if taken_in and day >= taken_in[0] and _closed_at(day, lag) <= span.as_of]


def closed_partitions(session: Session, span: Span, statement: TableStatement, counted: str) -> list[date]:
    """First days of the periods that this span closes, or has arrivals of, and that lie inside what was taken in, in
    order; the closed days where the statement has no period.

    A span that brings an arrival day that a closed period waited for finds that period by the day's own events.
    """
    if statement.period is None:
        return closed_days(session, span, counted)
    lag, taken_in = session.policy.consent.closing_lag_days, session.lake.days(counted)
    touched = {first_day(statement, day - timedelta(days=n)) for day in span.days for n in range(lag + 1)}
    return [
        first
        for first in sorted(touched)
        if taken_in and first >= taken_in[0] and _closed_at(last_day(statement, first), lag) <= span.as_of
    ]


def have_arrived(session: Session, days: Sequence[date], taken_in: Collection[date]) -> bool:
    """Whether every arrival day that belongs to event days is among those taken in."""
    lag = session.policy.consent.closing_lag_days
    return all(day in taken_in for each in days for day in arrival_days(each, lag))


def arrival_days(day: date, lag: int) -> list[date]:
    """The days on which events of a day arrive before it is closed."""
    return [day + timedelta(days=n) for n in range(lag + 1)]


def _closed_at(day: date, lag: int) -> datetime:
    return datetime.combine(day + timedelta(days=1 + lag), time())
