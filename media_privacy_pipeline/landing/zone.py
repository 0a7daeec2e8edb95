"""Writing a landing zone, for simulator and adapters: rows to a file of any suffix, the same bytes every time."""

from __future__ import annotations

import gzip
import io
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from ..errors import UsageError

SUFFIXES = (".csv.gz", ".jsonl.gz", ".parquet", ".csv", ".jsonl")


def write(
    path: Path,
    table: pa.Table,
    *,
    offsets: npt.NDArray[np.int64] | None = None,
    lines: Sequence[tuple[int, str]] = (),
) -> None:
    """Write rows in the format of the path's suffix; folders are made.

    Times (timestamp columns in UTC) become ISO-8601 with a zone in text: `Z`, or in JSON each row's `offsets` (hours)
    where they are given. Lists become text separated by `|` in CSV. `lines` (text formats only) are put in as they
    are, each before the row of its number.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = suffix_of(path)
    if suffix == ".parquet":
        # Readers share a file by row groups: the default of a million rows leaves all but one thread idle.
        pq.write_table(table, path, compression="zstd", row_group_size=1 << 17)
        return
    data = _csv(table) if suffix.startswith(".csv") else _jsonl(table, offsets)
    if lines:
        data = _insert(data, lines, header=suffix.startswith(".csv"))
    write_bytes(path, data)


def write_bytes(path: Path, data: bytes) -> None:
    """Write bytes, compressed where the name ends in .gz; the time of writing is not in them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, compresslevel=6, mtime=0) if path.name.endswith(".gz") else data)


def suffix_of(path: Path) -> str:
    """The suffix that decides a file's format. Raises UsageError for one that no landing zone has."""
    for suffix in SUFFIXES:
        if path.name.endswith(suffix):
            return suffix
    raise UsageError(f"{path.name}: a landing file ends in one of {', '.join(SUFFIXES)}")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give a staging folder to fill and, if the block ends well, rename it to `out`: whole or not at all.

    Raises UsageError where `out` exists and holds something, or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out}: exists and is not empty; name a new folder, or remove this one first")
    staging = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        staging.mkdir(parents=True)
        yield staging
        if out.exists():
            out.rmdir()
        staging.rename(out)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise UsageError(f"{out}: cannot be written: {reason}") from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def text_times(column: pa.ChunkedArray, offsets: npt.NDArray[np.int64] | None = None) -> pa.ChunkedArray:
    """A UTC timestamp column as ISO-8601 text in whole seconds, milliseconds where there are any, with its zone."""
    whole = pc.all(pc.equal(pc.millisecond(column), 0)).as_py() is not False
    column = column.cast(pa.timestamp("s" if whole else "ms", tz="UTC"))
    if offsets is None:
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    shift = pa.array(offsets * 3600, pa.duration("s"))
    local = pc.strftime(pc.add(column, shift), format="%Y-%m-%dT%H:%M:%S")
    zones = [f"{'-' if hours < 0 else '+'}{abs(hours):02d}:00" for hours in range(-12, 15)]
    return pc.binary_join_element_wise(local, pa.array(zones).take(pa.array(offsets + 12)), "")


def _csv(table: pa.Table) -> bytes:
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, text_times(column))
        elif pa.types.is_list(field.type):
            table = table.set_column(place, field.name, pc.binary_join(column, "|"))
    for style in ("none", "needed"):
        sink = io.BytesIO()
        try:
            pyarrow.csv.write_csv(table, sink, pyarrow.csv.WriteOptions(quoting_style=style))
            break
        except pa.ArrowInvalid:
            # "needed" quotes every text once one needs it; most files need none.
            continue
    return sink.getvalue()


def _jsonl(table: pa.Table, offsets: npt.NDArray[np.int64] | None) -> bytes:
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, text_times(table.column(place), offsets))
    return "".join(json_line(row) for row in table.to_pylist()).encode()


def json_line(row: dict[str, Any]) -> str:
    """One row as a line of JSON, columns without a value left out."""
    return json.dumps({key: value for key, value in row.items() if value is not None}, ensure_ascii=False) + "\n"


def _insert(data: bytes, lines: Sequence[tuple[int, str]], *, header: bool) -> bytes:
    rows = data.decode().splitlines(keepends=True)
    for before, line in sorted(lines, reverse=True):
        rows.insert(min(before + header, len(rows)), line)
    return "".join(rows).encode()
