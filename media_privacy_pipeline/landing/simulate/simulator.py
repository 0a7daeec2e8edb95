"""Simulation of a whole landing zone, day by day, in memory that one day fills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ...errors import UsageError
from .. import zone
from . import consents, requests, searches, viewing
from .delivery import Delivery
from .drops import Dropper
from .faults import Faults
from .feeds import CONSENTS, REQUESTS, SEARCHES, VIEWING, Feed
from .spoilt_files import plant_spoilt_files, torn_rows
from .truth import Truth
from .viewing import Rows
from .world import World, make_world

_PLAYS_A_HOUSEHOLD = 1.2
_LATE_SHARE = 0.025
_NEXT_DAY_SHARE = 0.055
_LATE_WITHIN_DAYS = 9


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
    zone.empty_target(out)
    if truth is not None:
        zone.empty_target(truth)
    faults = Faults() if faults is None else faults
    world, asked = requests.plan(make_world(seed, first_day, days, households, titles))
    world, said, answer = consents.plan(world)
    book = Truth(world, truth)
    # A handful of rows a day needs one file; what is many needs all formats every day.
    one_a_day = {
        feed.source: Dropper(world, feed, out, formats, faults, book) for feed in (SEARCHES, CONSENTS, REQUESTS)
    }
    all_formats = Dropper(world, VIEWING, out, formats, faults, book)
    deliveries = {feed.source: Delivery(faults, days, feed.alter) for feed in (VIEWING, SEARCHES, CONSENTS, REQUESTS)}
    _snapshots(world, out, formats, book)
    for day in range(days):
        plays = viewing.plays_of(
            world, day, _PLAYS_A_HOUSEHOLD * households if events_per_day is None else events_per_day
        )
        arrival = _arrival(world.stream("lateness", day), day, len(plays))
        book.watch(day, plays[arrival < days])
        drop = deliveries[VIEWING.source].deliver(
            world.stream("viewing delivery", day), day, plays, arrival, torn=torn_rows(faults, day, len(plays))
        )
        all_formats.write(world.stream("viewing files", day), day, drop, formats)
        flagged = int((drop.clean["title"] >= len(world.catalogue)).sum())
        book.count(world.date(day), VIEWING.source, "flagged", "title_unknown", flagged)
        plant_spoilt_files(world, all_formats, formats, faults, day, drop.torn, book)
        of_the_day = {
            SEARCHES: searches.searches_of(world, day, plays),
            CONSENTS: _recorded_on(world, said, "recorded", day),
            REQUESTS: _recorded_on(world, asked, "received", day),
        }
        for turn, (feed, rows) in enumerate(of_the_day.items()):
            _deliver_small(world, feed, deliveries, one_a_day, day, rows, _format_of(formats, day + turn, len(rows)))
        if progress is not None:
            progress(day + 1, days)
    parameters = {"seed": seed, "households": households, "days": days, "first_day": str(first_day), "titles": titles}
    book.write(answer, parameters)
    return _summary(out, truth, book)


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


def _arrival(rng: np.random.Generator, day: int, rows: int) -> npt.NDArray[np.int64]:
    """Most arrive on their own day, some on the next, a few up to nine days later."""
    draw = rng.random(rows)
    delay = np.where(draw < _LATE_SHARE, rng.integers(2, _LATE_WITHIN_DAYS + 1, rows), 0)
    return day + np.where((draw >= _LATE_SHARE) & (draw < _LATE_SHARE + _NEXT_DAY_SHARE), 1, delay)


def _recorded_on(world: World, rows: Rows, column: str, day: int) -> Rows:
    """The rows of a day; the first day also brings what was recorded before it."""
    start = 0 if day == 0 else world.epoch(day)
    return rows[(rows[column] >= start) & (rows[column] < world.epoch(day + 1))]


def _deliver_small(
    world: World,
    feed: Feed,
    deliveries: Mapping[str, Delivery],
    droppers: Mapping[str, Dropper],
    day: int,
    rows: Rows,
    suffix: str,
) -> None:
    drop = deliveries[feed.source].deliver(
        world.stream(f"{feed.source} delivery", day), day, rows, np.full(len(rows), day, dtype=np.int64)
    )
    droppers[feed.source].write(world.stream(f"{feed.source} files", day), day, drop, [suffix])


def _format_of(formats: Sequence[str], turn: int, rows: int) -> str:
    """The formats in turn, but no large file in plain text."""
    packed = [suffix for suffix in formats if suffix not in (".csv", ".jsonl")]
    choice = packed if packed and rows > 300 else formats
    return choice[turn % len(choice)]


def _snapshots(world: World, out: Path, formats: Sequence[str], book: Truth) -> None:
    """Titles and accounts: everything on the first day, and later corrections and sign-ups that win over it."""
    last, people = world.date(world.days - 1), world.population
    accounts, titles = people.accounts(), world.catalogue.table
    new = people.signup_day[people.household] >= 0
    moved = np.flatnonzero(~new)[::40]
    changed = accounts.take(pa.array(moved))
    changed = changed.set_column(changed.schema.get_field_index("plan"), "plan", pa.array(["premium"] * len(moved)))
    retold = titles.take(pa.array(np.arange(0, len(titles), 25)))
    retold = retold.set_column(
        retold.schema.get_field_index("synopsis"), "synopsis", pa.array(["Made up, and corrected."] * len(retold))
    )
    late = pa.concat_tables([accounts.filter(pa.array(new)), changed])
    middle = world.date(world.days // 2)
    packed = [suffix for suffix in formats if suffix not in (".csv", ".jsonl")] or list(formats)
    for source, first, second in (("titles", titles, retold), ("accounts", accounts.filter(pa.array(~new)), late)):
        for number, (day, table) in enumerate(((world.first_day, first), (middle, second))):
            name = f"{source}/{day}-{number}{packed[number % len(packed)]}"
            zone.write(out / name, table)
            book.file(last, source, name, len(table), Counter())
        superseded = len(retold) if source == "titles" else len(moved)
        book.count(last, source, "accepted", "", len(first) + len(second) - superseded)
        book.count(last, source, "superseded", "", superseded)


def _summary(out: Path, truth: Path | None, book: Truth) -> SimulationSummary:
    files = [path for path in out.rglob("*") if path.is_file()]
    rows: Counter[str] = Counter()
    for (_, source, stage, _), count in book.accounting.items():
        if stage == "landed":
            rows[source] += count
    size = sum(path.stat().st_size for path in files)
    return SimulationSummary(out, truth, len(files), size, dict(rows), dict(book.planted))
