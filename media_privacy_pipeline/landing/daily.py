"""Daily inputs: events, consents and requests, by arrival day, each identity let in once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from ..engines import Folder, Session, Span
from ..lake import fingerprint_of
from . import accounting
from .accounting import Count
from .door import Door
from .drops import Drops
from .opening import open_door
from .refusals import keep_refused
from .repeats import Repeats, around, find_repeats
from .sources import Source

_CONFLICTS = "conflicting_consents"


def stale_days(session: Session, span: Span, source: Source, drops: Drops, base: str) -> dict[date, str]:
    """The days of a span that have to be let in (again), with their new fingerprints.

    A day was made from its files and from what was accepted in the window before it. A day without a folder keeps what
    it has: an upstream that tidies its landing zone takes nothing away.
    """
    prints = session.lake.fingerprints(source.accepted)
    reach = session.policy.landing.lateness_days
    stale = {}
    for day in span.days:
        if day in prints and day not in drops.days:
            continue
        files = [drop.signature for drop in drops.days.get(day, [])]
        before = [prints.get(day - timedelta(days=back)) for back in range(1, reach + 1)]
        new = fingerprint_of(base, files, before)
        if prints.get(day) != new:
            prints[day] = stale[day] = new
    return stale


def chunks(days: Sequence[date], most: int) -> list[list[date]]:
    """Runs of consecutive days, none longer than `most`: within one, every day is in every other's window."""
    found: list[list[date]] = []
    for day in sorted(days):
        if found and day - found[-1][-1] == timedelta(days=1) and len(found[-1]) < most:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def let_in(session: Session, source: Source, days: Sequence[date], drops: Drops, prints: Mapping[date, str]) -> None:
    """Take in some consecutive days of an input, not more than the lateness window has."""
    known = around(session.lake, source.accepted, days[0], days[-1], session.policy.landing.lateness_days)
    files = {day: drops.days.get(day, []) for day in days}
    open_door(session, source, files, lambda door: _let_in(door, known, prints))


def _let_in(door: Door, known: list[date], prints: Mapping[date, str]) -> None:
    source, days = door.source, door.days
    repeats, rejected = find_repeats(door, known), door.rejected()
    door.count_refused(repeats.refused)
    door.count_refused(rejected)
    with door.session.lake.write(source.accepted, prints, days) as staging:
        _write_accepted(door, repeats, staging)
        for day in days:
            files = (staging / f"arrival_day={day}").glob("*.parquet")
            rows = sum(pq.read_metadata(file).num_rows for file in files)
            door.counts.append(Count(day, source.name, "accepted", "", rows))
        accounting.check_balance(door.counts)
        _count_flags(door, staging)
        # The accepted days come into force last: what they stand for is then in place.
        keep_refused(door, repeats.refused, rejected)
        if source.name == "consent_events":
            _write_conflicts(door, repeats, prints)
        accounting.write(door.session, source, days, door.counts)


def _write_accepted(door: Door, repeats: Repeats, staging: Path) -> None:
    session, source = door.session, door.source
    sql = door.render(source.accepted)
    # DuckDB reads and writes day by day; for Spark one job over all days is cheaper than a job for each.
    batches = [[day] for day in door.days] if session.engine.name == "duckdb" else [door.days]
    for batch in batches:
        inputs = {
            source.landed: door.scan(batch),
            "landing_refused": repeats.refused,
            **({"accepted_titles": session.folder("accepted_titles")} if source.name == "viewing_events" else {}),
        }
        session.engine.write(sql, inputs, staging, partition_by="arrival_day", partitions=batch)


def _count_flags(door: Door, staging: Path) -> None:
    session, source = door.session, door.source
    types = session.project.contracts[source.accepted].types
    accepted = Folder(staging, sorted(staging.rglob("*.parquet")), types, "arrival_day")
    found = session.engine.fetch(door.render(f"int_landing__{source.name}_flags"), {source.accepted: accepted})
    for row in found.to_pylist():
        door.counts.append(Count(row["arrival_day"], source.name, "flagged", row["reason"], row["rows"]))


def _write_conflicts(door: Door, repeats: Repeats, prints: Mapping[date, str]) -> None:
    session, days = door.session, door.days
    inputs = {
        door.source.landed: repeats.landed,
        "landing_refused": repeats.refused,
        door.source.accepted: repeats.accepted,
    }
    with session.lake.write(_CONFLICTS, prints, days) as staging:
        session.engine.write(door.render(_CONFLICTS), inputs, staging, partition_by="arrival_day", partitions=days)
