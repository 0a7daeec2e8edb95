"""Snapshots: accounts and titles, all files at once, the newest good row of each key let in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pyarrow.parquet as pq

from ..engines import Folder, Session
from . import accounting
from .accounting import Count
from .door import Door
from .drops import Drop
from .found import keep_findings
from .opening import open_door
from .refusals import keep_refused
from .sources import Source


def let_in(session: Session, source: Source, day: date, drops: Sequence[Drop], fingerprint: str) -> None:
    """Take in all files of a snapshot; their rows are counted on the given day."""
    open_door(session, source, [day], drops, lambda door: _let_in(door, day, fingerprint))


def _let_in(door: Door, day: date, fingerprint: str) -> None:
    session, source = door.session, door.source
    rejected = door.rejected()
    door.count_refused(rejected.why)
    with session.lake.write(source.accepted, fingerprint) as staging:
        session.engine.write(door.render(source.accepted), {source.landed: door.scan([day])}, staging)
        rows = sum(pq.read_metadata(file).num_rows for file in staging.glob("*.parquet"))
        left = accounting.balance(door.counts).get((day, source.name), 0)
        door.counts.append(Count(day, source.name, "accepted", "", rows))
        door.counts.append(Count(day, source.name, "superseded", "", left - rows))
        types = session.project.contracts[source.accepted].types
        door.count_scrubbed(Folder(staging, sorted(staging.glob("*.parquet")), types))
        keep_refused(door, rejected)
        keep_findings(door)
        accounting.write(session, source, [day], door.counts)
