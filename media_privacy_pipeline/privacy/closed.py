"""Which days and periods are closed: all that belongs in them was taken in, and what comes later is left out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from ..engines import Session, Span
from ..release_policy import TableStatement
from .periods import first_day, last_day

COUNTED = "permitted_analytics_viewing_events"
"""The one table of people's rows that releases are made of."""


def closed_days(session: Session, span: Span) -> list[date]:
    """Event days that this span closes and that lie inside what was taken in, in order."""
    lag = session.policy.consent.closing_lag_days
    taken_in = session.lake.days(COUNTED)
    days = (day - timedelta(days=lag) for day in span.days)
    return [day for day in days if taken_in and day >= taken_in[0] and _closed_at(day, lag) <= span.as_of]


def closed_partitions(session: Session, span: Span, statement: TableStatement) -> list[date]:
    """First days of the periods that this span closes, or has arrivals of, and that lie inside what was taken in, in
    order; the closed days where the statement has no period.

    A span that brings an arrival day that a closed period waited for finds that period by the day's own events.
    """
    if statement.period is None:
        return closed_days(session, span)
    lag, taken_in = session.policy.consent.closing_lag_days, session.lake.days(COUNTED)
    touched = {first_day(statement, day - timedelta(days=n)) for day in span.days for n in range(lag + 1)}
    return [
        first
        for first in sorted(touched)
        if taken_in and first >= taken_in[0] and _closed_at(last_day(statement, first), lag) <= span.as_of
    ]


def days_taken_in(session: Session) -> frozenset[date]:
    """Arrival days of which it is known what may be counted."""
    return frozenset(session.lake.days(COUNTED))


def have_arrived(session: Session, days: Sequence[date], taken_in: frozenset[date]) -> bool:
    """Whether every arrival day that belongs to event days has been taken in."""
    return all(taken_in.issuperset(arrival_days(day, session.policy.consent.closing_lag_days)) for day in days)


def arrival_days(day: date, lag: int) -> list[date]:
    """The days on which events of a day arrive before it is closed."""
    return [day + timedelta(days=n) for n in range(lag + 1)]


def _closed_at(day: date, lag: int) -> datetime:
    return datetime.combine(day + timedelta(days=1 + lag), time())
