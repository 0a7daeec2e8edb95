"""Handing what the door refused to the quarantine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from ..engines import Folder, Input
from ..engines.duckdb import quote
from . import quarantine
from .batching import batches
from .door import Door

_ROWS_AT_ONCE = 200_000


def keep_refused(door: Door, *refused: Folder) -> None:
    """Seal the quarantined rows, and the names of unreadable files, of each day of a door."""
    quarantined: Counter[date] = Counter()
    for count in door.counts:
        if count.stage == "quarantined":
            quarantined[count.arrival_day] += count.rows
    for days in batches(door.days, quarantined, _ROWS_AT_ONCE):
        refusals: dict[date, list[str]] = {day: [] for day in days}
        for drop, reason in door.landed.unreadable:
            if drop.day in refusals:
                name = drop.name.encode(errors="backslashreplace").decode()
                refusals[drop.day].append(json.dumps({"file": name, "line": None, "reason": reason}))
        if any(quarantined[day] for day in days):
            for day, refusal in _rows(door, days, refused):
                refusals[day].append(refusal)
        for day in days:
            quarantine.keep(door.session, door.source.name, day, refusals[day])


def _rows(door: Door, days: Sequence[date], refused: tuple[Folder, ...]) -> Iterator[tuple[date, str]]:
    inputs: dict[str, Input] = {f"refused_{number}": folder for number, folder in enumerate(refused)}
    every = " union all ".join(f"select _file, _line, stage, reason from {name}" for name in inputs)
    columns = ", ".join(f'{quote(column)}: landed."{column}"' for column in door.source.columns)
    sql = f"""
        select landed.arrival_day, cast(to_json({{
          'file': landed._file, 'line': landed._line, 'reason': refused.reason,
          'row': case when landed._defect is null then {{{columns}}} end, 'raw': landed._raw
        }}) as varchar) as refusal
        from landed
        inner join ({every}) as refused
          on landed._file = refused._file and landed._line = refused._line and refused.stage = 'quarantined'
        order by landed._file, landed._line"""
    found = door.reading.fetch(sql, {"landed": door.scan(days), **inputs})
    yield from zip(found.column("arrival_day").to_pylist(), found.column("refusal").to_pylist(), strict=True)
