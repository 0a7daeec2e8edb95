"""How many days are taken at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from .drops import Drops

_CHUNK_BYTES = 2 << 30
_SPARSE_BYTES = 64 << 20
_SPARSE_DAYS = 1_000


def chunks(days: Iterable[date], drops: Drops, window: int) -> list[list[date]]:
    """Runs of consecutive days to be read at once.

    None has more to read than fits a small machine, unless one day alone has. None is longer than the lateness window
    (within it, every day is in every other's), unless there is little to read: then a run has a fixed cost that
    matters more, and reading it again in `windows` matters less.
    """
    found: list[list[date]] = []
    size = 0
    for day in sorted(days):
        more = sum(drop.size for drop in drops.days.get(day, []))
        follows = bool(found) and day - found[-1][-1] == timedelta(days=1)
        length, total = len(found[-1]) if found else 0, size + more
        if follows and (
            (length < window and total <= _CHUNK_BYTES) or (length < _SPARSE_DAYS and total <= _SPARSE_BYTES)
        ):
            found[-1].append(day)
            size = total
        else:
            found.append([day])
            size = more
    return found


def windows(days: Sequence[date], repeated: Collection[date], window: int) -> list[list[date]]:
    """Consecutive days in runs that are no longer than the window, or hold none of the repeated days."""
    found: list[list[date]] = []
    start = 0
    while start < len(days):
        clean = next((n for n in range(start, len(days)) if days[n] in repeated), len(days))
        end = max(clean, min(start + window, len(days)))
        found.append(list(days[start:end]))
        start = end
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
