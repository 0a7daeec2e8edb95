"""Handing what the door refused to the quarantine."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date

from ..engines import Input
from ..engines.duckdb import quote
from . import quarantine
from .batching import batches
from .door import Door, Refused

_ROWS_AT_ONCE = 200_000


def keep_refused(door: Door, *refused: Refused) -> None:
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


def _rows(door: Door, days: Sequence[date], refused: Sequence[Refused]) -> Iterator[tuple[date, str]]:
    columns = ", ".join(f"{quote(column)}: {door.source.as_text(column)}" for column in door.source.columns)
    listed = ", ".join(f"date '{day}'" for day in days)
    inputs: dict[str, Input] = {}
    parts = []
    for number, each in enumerate(refused):
        inputs |= {f"landed_{number}": each.landed, f"refused_{number}": each.why}
        parts.append(f"""
        select landed.arrival_day, landed._file, landed._line, cast(to_json({{
          'file': landed._file, 'line': landed._line, 'reason': refused.reason,
          'row': case when landed._defect is null then {{{columns}}} end, 'raw': landed._raw
        }}) as varchar) as refusal
        from landed_{number} as landed
        inner join refused_{number} as refused
          on landed._file = refused._file and landed._line = refused._line and refused.stage = 'quarantined'
        where landed.arrival_day in ({listed})""")
    sql = f"select arrival_day, refusal from ({' union all '.join(parts)}) as every order by _file, _line"
    found = door.reading.fetch(sql, inputs)
    yield from zip(found.column("arrival_day").to_pylist(), found.column("refusal").to_pylist(), strict=True)
