"""Simulation of a whole landing zone, day by day, in memory that one day fills."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from .. import zone
from . import consents, requests, searches, viewing
from .delivery import Delivery, Drop, arrival_days
from .drops import Dropper
from .faults import Faults
from .feeds import CONSENTS, REQUESTS, SEARCHES, VIEWING, Feed
from .snapshots import write_snapshots
from .spoilt_files import plant_spoilt_files, torn_rows
from .truth import Truth
from .viewing import Rows
from .world import World, make_world

_PLAYS_A_HOUSEHOLD = 1.2
SKEW_SECONDS = 300
"""How far ahead of its arrival day a time may be without being flagged: the packaged policy's."""


@dataclass(frozen=True)
class SimulationSummary:
    """What was made: rows delivered by source, and how much was planted by kind."""

    out: Path
    truth: Path | None
    files: int
    size: int
    rows: Mapping[str, int]
    planted: Mapping[str, int]


def simulate(
    out: Path,
    *,
    seed: int = 7,
    households: int = 3000,
    days: int = 35,
    first_day: date = date(2026, 9, 1),
    titles: int = 300,
    events_per_day: float | None = None,
    formats: Sequence[str] = zone.SUFFIXES,
    faults: Faults | None = None,
    truth: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SimulationSummary:
    """Make a landing zone in the new folder `out`, and its ground truth in `truth` if given.

    `events_per_day` is the mean number of viewing events (1.2 a household where not given); `formats` are suffixes of
    zone.SUFFIXES, all of which are written each day (JSON lines are slow: leave them out above some million events).
    The same arguments give the same bytes on the same versions of numpy and pyarrow. `progress` is called with
    (days done, days). Raises UsageError for a number below one, an unknown format, a folder that is not empty, or
    truth inside the zone.
    """
    _check(out, truth, formats, households=households, days=days, titles=titles)
    faults = Faults() if faults is None else faults
    world, asked = requests.plan(make_world(seed, first_day, days, households, titles))
    world, said, answer = consents.plan(world)
    book = Truth(world)
    events = float(_PLAYS_A_HOUSEHOLD * households if events_per_day is None else events_per_day)
    with ExitStack() as folders:
        beside = None if truth is None else folders.enter_context(zone.new_folder(truth))
        place = folders.enter_context(zone.new_folder(out))
        write_snapshots(world, place, formats, book)
        nights = _Nights(world, place, formats, faults, book)
        for day in range(days):
            nights.deliver(day, events, said, asked)
            if progress is not None:
                progress(day + 1, days)
        if beside is not None:
            parameters: dict[str, Any] = {"seed": seed, "households": households, "days": days, "titles": titles}
            parameters |= {"first_day": str(first_day), "events_per_day": events, "formats": list(formats)}
            book.write(beside, answer, parameters)
        files = [path for path in place.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files)
    return SimulationSummary(out, truth, len(files), size, book.landed(), dict(book.planted))


class _Nights:
    """The days of one zone, delivered one after another."""

    def __init__(self, world: World, out: Path, formats: Sequence[str], faults: Faults, book: Truth) -> None:
        self._world, self._formats, self._faults, self._book = world, formats, faults, book
        feeds = (VIEWING, SEARCHES, CONSENTS, REQUESTS)
        self._deliveries = {feed: Delivery(faults, world.days, feed.alter) for feed in feeds}
        self._droppers = {feed: Dropper(world, feed, out, formats, faults, book) for feed in feeds}

    def deliver(self, day: int, events: float, said: Rows, asked: Rows) -> None:
        """Write everything that arrives on one day."""
        world, book = self._world, self._book
        plays = viewing.plays_of(world, day, events)
        arrival = arrival_days(world.stream("lateness", day), day, len(plays))
        book.watch(day, plays[arrival < world.days])
        torn = torn_rows(self._faults, day, len(plays))
        drop = self._drop(VIEWING, day, plays, arrival, self._formats, torn)
        unlisted = int((drop.clean["title"] >= len(world.catalogue)).sum())
        book.count(world.date(day), VIEWING.source, "flagged", "title_unknown", unlisted)
        plant_spoilt_files(world, self._droppers[VIEWING], self._faults, day, drop.torn, book)
        recorded = _of_day(world, said, "recorded", day)
        skew = world.epoch(day + 1) + SKEW_SECONDS
        book.count(
            world.date(day), CONSENTS.source, "flagged", "future_timestamp", int((recorded["effective"] > skew).sum())
        )
        small = {SEARCHES: searches.searches_of(world, day, plays, self._faults.personal), CONSENTS: recorded}
        small[REQUESTS] = _of_day(world, asked, "received", day)
        for turn, (feed, rows) in enumerate(small.items()):
            # A handful of rows a day needs one file; what is many needs all formats every day.
            suffix = _format_of(self._formats, day + turn, len(rows))
            drop = self._drop(feed, day, rows, np.full(len(rows), day, dtype=np.int64), [suffix])
            if feed is SEARCHES:
                self._book_personal(day, int(drop.clean["personal"].sum()))

    def _book_personal(self, day: int, rows: int) -> None:
        self._book.count(self._world.date(day), SEARCHES.source, "flagged", "scrubbed_email_in_query", rows)
        if rows:
            self._book.planted["personal_value"] += rows

    def _drop(
        self, feed: Feed, day: int, rows: Rows, arrival: npt.NDArray[np.int64], formats: Sequence[str], torn: int = 0
    ) -> Drop:
        rng = self._world.stream(f"{feed.source} delivery", day)
        drop = self._deliveries[feed].deliver(rng, day, rows, arrival, torn=torn)
        self._droppers[feed].write(self._world.stream(f"{feed.source} files", day), day, drop, formats)
        return drop


def _check(out: Path, truth: Path | None, formats: Sequence[str], **numbers: int) -> None:
    for name, number in numbers.items():
        if number < 1:
            raise UsageError(f"{name}: {number} is below 1")
    if unknown := sorted(set(formats) - set(zone.SUFFIXES)):
        raise UsageError(f"formats: {', '.join(unknown)} unknown; there are {', '.join(zone.SUFFIXES)}")
    if not formats:
        raise UsageError(f"formats: none given; there are {', '.join(zone.SUFFIXES)}")
    if truth is not None and out.resolve() in (truth.resolve(), *truth.resolve().parents):
        raise UsageError(f"{truth}: ground truth is written beside the landing zone, never into it")


def _of_day(world: World, rows: Rows, column: str, day: int) -> Rows:
    """The rows of a day; the first day also brings what was recorded before it."""
    start = 0 if day == 0 else world.epoch(day)
    return rows[(rows[column] >= start) & (rows[column] < world.epoch(day + 1))]


def _format_of(formats: Sequence[str], turn: int, rows: int) -> str:
    """The formats in turn, but no large file in plain text."""
    packed = [suffix for suffix in formats if suffix not in (".csv", ".jsonl")]
    choice = packed if packed and rows > 300 else formats
    return choice[turn % len(choice)]
