"""Handing what the door refused to the quarantine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from ..engines import Folder, Input
from ..engines.duckdb import quote
from . import quarantine
from .door import Door


def keep_refused(door: Door, *refused: Folder) -> None:
    """Seal the quarantined rows, and the names of unreadable files, of each day of a door."""
    with_rows = {count.arrival_day for count in door.counts if count.stage == "quarantined"}
    for day in door.days:
        rows = _rows(door, day, refused) if day in with_rows else []
        quarantine.keep(door.session, door.source.name, day, [*_files(door, day), *rows])


def _files(door: Door, day: date) -> Iterator[str]:
    for name, reason in door.landed[day].unreadable:
        yield json.dumps({"file": name, "line": None, "reason": reason})


def _rows(door: Door, day: date, refused: tuple[Folder, ...]) -> list[str]:
    inputs: dict[str, Input] = {f"refused_{number}": folder for number, folder in enumerate(refused)}
    every = " union all ".join(f"select _file, _line, stage, reason from {name}" for name in inputs)
    columns = ", ".join(f'{quote(column)}: landed."{column}"' for column in door.source.columns)
    sql = f"""
        select cast(to_json({{
          'file': landed._file, 'line': landed._line, 'reason': refused.reason,
          'row': case when landed._defect is null then {{{columns}}} end, 'raw': landed._raw
        }}) as varchar) as refusal
        from landed
        inner join ({every}) as refused
          on landed._file = refused._file and landed._line = refused._line and refused.stage = 'quarantined'
        order by landed._file, landed._line"""
    found: list[str] = door.reading.fetch(sql, {"landed": door.scan([day]), **inputs}).column("refusal").to_pylist()
    return found
