"""How many days are taken at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from .drops import Drops

_CHUNK_BYTES = 2 << 30


def chunks(days: Iterable[date], drops: Drops, most: int) -> list[list[date]]:
    """Runs of consecutive days, none longer than `most` (within one, every day is in every other's window), nor with
    more to read than fits a small machine, unless one day alone has."""
    found: list[list[date]] = []
    size = 0
    for day in sorted(days):
        more = sum(drop.size for drop in drops.days.get(day, []))
        follows = bool(found) and day - found[-1][-1] == timedelta(days=1) and len(found[-1]) < most
        if follows and size + more <= _CHUNK_BYTES:
            found[-1].append(day)
            size += more
        else:
            found.append([day])
            size = more
    return found


def batches(days: Sequence[date], rows: Mapping[date, int], few: int) -> list[list[date]]:
    """The days in groups of not more than `few` rows, unless one day alone has more."""
    found: list[list[date]] = [[]]
    size = 0
    for day in days:
        more = rows.get(day, 0)
        if found[-1] and size + more > few:
            found.append([])
            size = 0
        found[-1].append(day)
        size += more
    return found
