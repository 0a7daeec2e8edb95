"""Handing what the door refused to the quarantine.

It is sealed on the driver, whichever engine runs the SQL, since the key goes nowhere else: never more rows at a time
than are held easily, were all rows of a day refused.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from itertools import chain

import pyarrow as pa

from ..engines import Folder, Input, Session
from ..engines.duckdb import DuckDBEngine, quote
from . import quarantine
from .batching import batches
from .door import Door, Refused
from .sources import Source

_ROWS_AT_ONCE = 200_000


def keep_refused(door: Door, *refused: Refused) -> None:
    """Seal the quarantined rows, and the names of unreadable files, of each day of a door."""
    quarantined: Counter[date] = Counter()
    for count in door.counts:
        if count.stage == "quarantined":
            quarantined[count.arrival_day] += count.rows
    groups = batches(door.days, quarantined, _ROWS_AT_ONCE)
    stored: Folder | None = None
    if quarantined.total() > _ROWS_AT_ONCE:
        # What is asked for in parts is put together once.
        sql, inputs = _refusals(door, door.days, refused)
        stored = door.keep("refusals", sql, inputs, _types_of(door.source))
    for days in groups:
        tables = _tables(door, days, refused, stored) if any(quarantined[day] for day in days) else iter(())
        rows = chain.from_iterable(_texts(door.session, door.source, table) for table in tables)
        if len(days) == 1:
            quarantine.keep(
                door.session, door.source.name, days[0], chain(_files(door, days[0]), (text for _, text in rows))
            )
            continue
        refusals = {day: _files(door, day) for day in days}
        for day, text in rows:
            refusals[day].append(text)
        for day in days:
            quarantine.keep(door.session, door.source.name, day, refusals[day])


def _files(door: Door, day: date) -> list[str]:
    return [
        json.dumps({"file": drop.name.encode(errors="backslashreplace").decode(), "line": None, "reason": reason})
        for drop, reason in door.landed.unreadable
        if drop.day == day
    ]


def _tables(door: Door, days: Sequence[date], refused: Sequence[Refused], stored: Folder | None) -> Iterator[pa.Table]:
    """Refused rows of some days, in parts that follow each other in the order of files and lines."""
    engine = door.session.engine
    if stored is None:
        yield engine.fetch(*_refusals(door, days, refused))
        return
    listed = ", ".join(f"date '{day}'" for day in days)
    few = f"select *, _line // {_ROWS_AT_ONCE} as part from refusals where arrival_day in ({listed})"
    sql = f"select _file, part, count(*) as rows from ({few}) as few group by _file, part"
    sizes = sorted(
        (row["_file"], row["part"], row["rows"]) for row in engine.fetch(sql, {"refusals": stored}).to_pylist()
    )
    for portion in _portions(sizes):
        sql = f"select few.* from ({few}) as few join portion on few._file = portion._file and few.part = portion.part"
        yield engine.fetch(sql, {"refusals": stored, "portion": portion})


def _portions(sizes: Sequence[tuple[str, int, int]]) -> Iterator[pa.Table]:
    """Files and parts of them in their order, in groups of not more than so many rows, or of one part."""
    group: list[tuple[str, int]] = []
    full = 0
    for file, part, rows in sizes:
        if group and full + rows > _ROWS_AT_ONCE:
            yield _portion(group)
            group, full = [], 0
        group.append((file, part))
        full += rows
    if group:
        yield _portion(group)


def _portion(group: Sequence[tuple[str, int]]) -> pa.Table:
    files, parts = zip(*group, strict=True)
    return pa.table({"_file": pa.array(files, pa.string()), "part": pa.array(parts, pa.int64())})


def _refusals(door: Door, days: Sequence[date], refused: Sequence[Refused]) -> tuple[str, dict[str, Input]]:
    """SQL text of the quarantined rows of some days, in the columns of _types_of, and what it is over."""
    columns = ", ".join(f"landed.{column}" for column in _types_of(door.source) if column != "reason")
    listed = ", ".join(f"date '{day}'" for day in days)
    inputs: dict[str, Input] = {}
    parts = []
    for number, each in enumerate(refused):
        inputs |= {f"landed_{number}": each.landed, f"refused_{number}": each.why}
        parts.append(f"""
        select {columns}, refused.reason
        from landed_{number} as landed
        inner join refused_{number} as refused
          on landed._file = refused._file and landed._line = refused._line and refused.stage = 'quarantined'
        where landed.arrival_day in ({listed})""")
    return " union all ".join(parts), inputs


def _types_of(source: Source) -> Mapping[str, str]:
    twins = {f"_{column}": kind for column, kind in source.typed.items()}
    kept = {"_file": "varchar", "_line": "bigint", "_raw": "varchar", "_defect": "varchar", "arrival_day": "date"}
    return {**dict.fromkeys(source.columns, "varchar"), **twins, **kept, "reason": "varchar"}


def _texts(session: Session, source: Source, rows: pa.Table) -> Iterator[tuple[date, str]]:
    """Refused rows as they are kept, in the order of files and lines, with their days. DuckDB words them, so that they
    are the same whichever engine found them."""
    columns = ", ".join(f"{quote(column)}: {source.as_text(column)}" for column in source.columns)
    sql = f"""
        select arrival_day, cast(to_json({{
          'file': _file, 'line': _line, 'reason': reason,
          'row': case when _defect is null then {{{columns}}} end, 'raw': _raw
        }}) as varchar) as refusal
        from refusals order by _file, _line"""
    if session.engine.name == "duckdb":
        found = session.engine.fetch(sql, {"refusals": rows})
    else:
        with closing(DuckDBEngine(session.settings.work, memory_limit=session.settings.memory_limit)) as engine:
            found = engine.fetch(sql, {"refusals": rows})
    yield from zip(found.column("arrival_day").to_pylist(), found.column("refusal").to_pylist(), strict=True)
