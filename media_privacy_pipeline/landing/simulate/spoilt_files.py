"""Whole files that a door must cope with: torn, corrupt, of the wrong delimiter, empty, or with a header alone."""

from __future__ import annotations

import io
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq

from .. import zone
from .drops import Dropper
from .faults import Faults
from .feeds import VIEWING
from .truth import Truth
from .viewing import Rows
from .world import World

_TORN = 120
# By day number: the file's name, what is planted, and the door's reason where the file cannot be read.
_SPOILT = {
    3: ("part-6.csv", "header_only", ""),
    4: ("part-6.parquet", "no_rows", ""),
    5: ("part-7.csv.gz", "truncated_file", "truncated_gzip"),
    6: ("part-6.jsonl", "no_bytes", ""),
    9: ("part-8.parquet", "corrupt_file", "corrupt_parquet"),
    12: ("part-9.csv", "wrong_delimiter", "wrong_columns"),
}


def torn_rows(faults: Faults, day: int, rows: int) -> int:
    """How many of a day's rows are delivered in a file that cannot be read."""
    return min(_TORN, rows // 4) if faults.files and _SPOILT.get(day, ("", "", ""))[2] else 0


def plant_spoilt_files(world: World, dropper: Dropper, faults: Faults, day: int, torn: Rows, book: Truth) -> None:
    """Write the day's spoilt file, where it has one: the torn rows unreadable, or a file without rows."""
    if not faults.files:
        return
    table, date = VIEWING.render(world, torn), world.date(day)
    name, kind, reason = _SPOILT.get(day, ("", "", ""))
    if not kind or (reason and not len(torn)):
        return
    path = dropper.path(day, name)
    if kind == "no_bytes":
        zone.write_bytes(path, b"")
    elif kind == "corrupt_file":
        zone.write_bytes(path, _without_footer(table))
    else:
        zone.write(path, table)
    if kind == "wrong_delimiter":
        path.write_bytes(path.read_bytes().replace(b",", b";"))
    if kind == "truncated_file":
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    if reason:
        book.count(date, VIEWING.source, "unreadable_file", reason, 1)
    book.file(date, VIEWING.source, f"{VIEWING.source}/day={date}/{name}", 0, Counter({kind: 1}))


def _without_footer(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    data = sink.getvalue()
    # The last eight bytes are the footer's length and the magic number: the file still looks like Parquet.
    length = int.from_bytes(data[-8:-4], "little")
    return data[: -8 - length] + bytes(length) + data[-8:]
