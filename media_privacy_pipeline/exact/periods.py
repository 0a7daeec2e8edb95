"""Periods of whole days on one calendar: two of one kind are the same or have no day in common."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from ..exact_policy import Period


def period_of(kind: Period, day: date) -> tuple[date, date]:
    """The first and last day of the day, ISO week or month that a day is in."""
    if kind == "day":
        return day, day
    if kind == "week":
        first = day - timedelta(days=day.weekday())
        return first, first + timedelta(days=6)
    first = day.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def days_of(first: date, last: date) -> list[date]:
    """Every day of a period."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def whole_periods(kind: Period, taken_in: Collection[date], until: date) -> list[tuple[date, date]]:
    """The periods that ended by a day and of which every arrival day was taken in, in order."""
    there = frozenset(taken_in)
    found = sorted({period_of(kind, day) for day in there})
    return [(first, last) for first, last in found if last <= until and there.issuperset(days_of(first, last))]
