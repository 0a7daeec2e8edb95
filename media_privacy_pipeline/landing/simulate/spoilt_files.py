"""Whole files that a door must cope with: torn, corrupt, of the wrong delimiter, empty, or with a header alone."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Sequence

import pyarrow.parquet as pq

from .. import zone
from .drops import Dropper
from .faults import Faults
from .feeds import VIEWING
from .truth import Truth
from .viewing import Rows
from .world import World

TRUNCATED_DAY, CORRUPT_DAY, HEADER_DAY, EMPTY_DAY, NO_BYTES_DAY = 5, 9, 3, 4, 6
_TORN = 120


def torn_rows(faults: Faults, day: int, rows: int) -> int:
    """How many of a day's rows are delivered in a file that cannot be read."""
    return min(_TORN, rows // 4) if faults.files and day in (TRUNCATED_DAY, CORRUPT_DAY) else 0


def plant_spoilt_files(
    world: World, dropper: Dropper, formats: Sequence[str], faults: Faults, day: int, torn: Rows, book: Truth
) -> None:
    """Write the day's spoilt file, where it has one of a format that the zone uses."""
    if not faults.files:
        return
    table, date = VIEWING.render(world, torn), world.date(day)
    if day == TRUNCATED_DAY and len(torn):
        path = dropper.path(day, "part-7.csv.gz")
        zone.write(path, table)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
        book.count(date, VIEWING.source, "unreadable_file", "truncated", 1)
        book.file(date, VIEWING.source, _name(world, day, "part-7.csv.gz"), 0, Counter(truncated_file=1))
    if day == CORRUPT_DAY and len(torn):
        sink = io.BytesIO()
        pq.write_table(table, sink)
        data = bytearray(sink.getvalue())
        data[-40:-8] = b"\x00" * 32
        zone.write_bytes(dropper.path(day, "part-8.parquet"), bytes(data))
        book.count(date, VIEWING.source, "unreadable_file", "corrupt", 1)
        book.file(date, VIEWING.source, _name(world, day, "part-8.parquet"), 0, Counter(corrupt_file=1))
    empty = {
        HEADER_DAY: ("part-6.csv", "header_only"),
        EMPTY_DAY: ("part-6.parquet", "no_rows"),
        NO_BYTES_DAY: ("part-6.jsonl", "no_bytes"),
    }
    if day in empty:
        name, kind = empty[day]
        if kind == "no_bytes":
            zone.write_bytes(dropper.path(day, name), b"")
        else:
            zone.write(dropper.path(day, name), table.slice(0, 0))
        book.file(date, VIEWING.source, _name(world, day, name), 0, Counter({kind: 1}))


def _name(world: World, day: int, name: str) -> str:
    return f"{VIEWING.source}/day={world.date(day)}/{name}"
