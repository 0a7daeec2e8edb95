"""Daily inputs: events, consents and requests, by arrival day, each identity let in once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from ..engines import Folder, Input, Session, Span
from ..lake import fingerprint_of
from . import accounting
from .accounting import Count
from .batching import batches, windows
from .door import Door, Refused
from .drops import Drops
from .found import keep_findings
from .opening import open_door
from .overdue import drop_overdue
from .refusals import keep_refused
from .repeats import Repeats, around, find_repeats, look_for_repeats, repeated_days
from .sources import Source

_CONFLICTS, _MALFORMED = "conflicting_consents", "malformed_signals"
_FEW_ROWS = 200_000


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


def let_in(
    session: Session,
    source: Source,
    days: Sequence[date],
    drops: Drops,
    prints: Mapping[date, str],
    as_of: datetime,
) -> None:
    """Take in some consecutive days of an input, but for events past the days that the policy keeps them as of a time.

    Where no identity comes twice, all rows are let in, however long the days span. Where one does, it matters who is in
    whose window, and the days are taken in again in parts.
    """
    window = session.policy.landing.lateness_days
    known = around(days[0], days[-1], window)
    files = [drop for day in days for drop in drops.days.get(day, [])]
    parts: list[list[date]] = []

    def enter(door: Door) -> None:
        again = look_for_repeats(door, known)
        if again.any and len(days) > window:
            parts[:] = windows(days, repeated_days(door, again), window)
        else:
            _let_in(door, find_repeats(door, again), prints, as_of)

    open_door(session, source, days, files, enter)
    for part in parts:
        let_in(session, source, part, drops, prints, as_of)


def _let_in(door: Door, repeats: Repeats, prints: Mapping[date, str], as_of: datetime) -> None:
    source, days = door.source, door.days
    door.count_refused(repeats.refused)
    with door.session.lake.write(source.accepted, prints, days) as staging:
        _write_accepted(door, repeats, staging)
        drop_overdue(door, staging, as_of)
        for day in days:
            files = (staging / f"arrival_day={day}").glob("*.parquet")
            rows = sum(pq.read_metadata(file).num_rows for file in files)
            door.counts.append(Count(day, source.name, "accepted", "", rows))
        fresh = _staged(door, staging)
        rejected = door.rejected(fresh)
        door.count_refused(rejected.why)
        accounting.check_balance(door.counts)
        _count_flags(door, fresh)
        # The accepted days come into force last: what they stand for is then in place.
        keep_refused(door, Refused(repeats.refused, repeats.landed), rejected)
        if source.name == "consent_events":
            _write_conflicts(door, repeats, prints)
            _write_malformed(door, rejected, prints)
        keep_findings(door)
        accounting.write(door.session, source, days, door.counts)


def _write_accepted(door: Door, repeats: Repeats, staging: Path) -> None:
    session, source = door.session, door.source
    sql = door.render(source.accepted)
    rows = {count.arrival_day: count.rows for count in door.counts if count.stage == "landed"}
    # Days of some size are written one by one, in half the time of splitting rows; Spark has one job for all.
    few = _FEW_ROWS if session.engine.name == "duckdb" else sum(rows.values())
    for days in batches(door.days, rows, few):
        inputs: dict[str, Input] = {source.landed: door.scan(days), "landing_refused": repeats.refused}
        if source.name == "viewing_events":
            inputs["accepted_titles"] = session.folder("accepted_titles")
        one = days if len(days) == 1 else None
        session.engine.write(sql, inputs, staging, partition_by="arrival_day", partitions=one)


def _staged(door: Door, staging: Path) -> Folder:
    """The accepted rows of the days at hand, before they are in force."""
    types = door.session.project.contracts[door.source.accepted].types
    return Folder(staging, sorted(staging.rglob("*.parquet")), types, "arrival_day")


def _count_flags(door: Door, accepted: Folder) -> None:
    session, source = door.session, door.source
    found = session.engine.fetch(door.render(f"int_landing__{source.name}_flags"), {source.accepted: accepted})
    for row in found.to_pylist():
        door.counts.append(Count(row["arrival_day"], source.name, "flagged", row["reason"], row["rows"]))
    door.count_scrubbed(accepted)


def _write_conflicts(door: Door, repeats: Repeats, prints: Mapping[date, str]) -> None:
    session, days = door.session, door.days
    inputs = {
        door.source.landed: repeats.landed,
        "landing_refused": repeats.refused,
        door.source.accepted: repeats.accepted,
    }
    with session.lake.write(_CONFLICTS, prints, days) as staging:
        # Only a delivery that was refused can be in conflict: most of the time there is nothing to ask.
        if repeats.refused.files:
            session.engine.write(door.render(_CONFLICTS), inputs, staging, partition_by="arrival_day")


def _write_malformed(door: Door, rejected: Refused, prints: Mapping[date, str]) -> None:
    session, days = door.session, door.days
    with session.lake.write(_MALFORMED, prints, days) as staging:
        if rejected.why.files:
            inputs = {door.source.landed: rejected.landed}
            session.engine.write(door.render(_MALFORMED), inputs, staging, partition_by="arrival_day")
