"""Rows whose identity was seen before: duplicates where they say the same, conflicts where they do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow.parquet as pq

from ..engines import Folder, Scan
from .door import Door


@dataclass(frozen=True)
class Repeats:
    """What is refused (columns of landing_refused), and what it was told from: the landed rows of the identities that
    occur more than once, and the rows of them that were accepted on other days.
    """

    refused: Folder
    landed: Folder
    accepted: Folder


def around(first: date, last: date, lateness_days: int) -> list[date]:
    """Days that rows of the days first to last are compared with, as far as they were let in: those before, and those
    after, where later days were run first."""
    steps = range(1, lateness_days + 1)
    return [day for n in steps for day in (first - timedelta(days=n), last + timedelta(days=n))]


@dataclass(frozen=True)
class Again:
    """Hashes of the identities that occur twice among a door's rows, or among them and the accepted rows around, and
    whether there are any."""

    known: Folder
    hashes: Folder
    any: bool


def look_for_repeats(door: Door, known_days: list[date]) -> Again:
    """Find the identities that occur twice, given the accepted days around a door's days: however far apart.

    They are found by a hash aggregate over one column, and only they are looked at closer: on two cores, window
    functions over all rows take ten times as long. Two identities of one hash are looked at for nothing.
    """
    rows, known = door.scan(door.days), door.session.folder(door.source.accepted, known_days)
    again = _identities(door, rows, known)
    return Again(known, again, any(pq.read_metadata(file).num_rows for file in again.files))


def repeated_days(door: Door, found: Again) -> frozenset[date]:
    """The days of a door that have a row of an identity that occurs twice: a scan, for spans beyond the window."""
    sql = f"""
        select distinct arrival_day from landed
        where {door.hashed(f"trim({door.source.identity})")} in (select id from again)"""
    inputs = {"landed": door.scan(door.days), "again": found.hashes}
    days = door.session.engine.fetch(sql, inputs).column("arrival_day")
    return frozenset(days.to_pylist())


def find_repeats(door: Door, found: Again) -> Repeats:
    """Tell the repeats among the rows of a door's days; where there are any, these span no more than the window."""
    source, rows = door.source, door.scan(door.days)
    if not found.any:
        return Repeats(door.empty("landing_refused"), door.empty(source.landed), door.empty(source.accepted))
    known, again, those = found.known, found.hashes, "in (select id from again)"
    landed = door.make(
        "repeated",
        source.landed,
        f"select * from landed where {door.hashed(f'trim({source.identity})')} {those}",
        {"landed": rows, "again": again},
    )
    accepted = door.make(
        "known",
        source.accepted,
        f"select * from known where {door.hashed(f'{source.identity}')} {those}",
        {"known": known, "again": again},
    )
    keys = door.make(
        "keys",
        "landing_keys",
        door.render(f"int_landing__{source.name}_keys"),
        {source.landed: landed, source.accepted: accepted},
    )
    refused = door.make("refused", "landing_refused", door.render("landing_refused"), {"landing_keys": keys})
    return Repeats(refused, landed, accepted)


def _identities(door: Door, rows: Scan, known: Folder) -> Folder:
    """Hashes of the identities that occur twice among the landed rows, or among them and the accepted ones."""
    name = door.source.identity
    landed_id, known_id = door.hashed(f"trim({name})"), door.hashed(f"{name}")
    sql = f"""
        select id from (select {landed_id} as id from landed) as fresh group by id having count(*) > 1
        union
        select known.id
        from (select {known_id} as id from known) as known
        semi join (select {landed_id} as id from landed) as fresh on known.id = fresh.id"""
    kind = "ubigint" if door.session.engine.name == "duckdb" else "bigint"
    return door.keep("again", sql, {"landed": rows, "known": known}, {"id": kind})
