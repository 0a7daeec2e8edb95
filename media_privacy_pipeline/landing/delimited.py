"""Comma-separated text (RFC 4180) with a header. DuckDB splits what has no quotes; the csv module what has."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import chain

import pyarrow as pa

from ..engines.duckdb import quote
from . import jsonl
from .drops import Drop
from .sources import Source
from .textfile import lines_of

SCHEMA = jsonl.SCHEMA.append(pa.field("fields", pa.list_(pa.string())))
_LONGEST_RECORD = 1000
"""Lines that one quoted record may span. A quote that never closes costs its own line and not the rest of the file."""

Record = tuple[int, str, list[str] | None]
"""Number of its first line, its text, and its fields where it has quotes; no fields at all where it is malformed."""


def header_of(drop: Drop) -> tuple[str, ...]:
    """Names of a file's columns; none where it is empty. A header that is malformed is one odd name."""
    for record in records(lines_of(drop.path), None):
        return tuple(name.strip() for name in (record[2] or record[1].split(",")))
    return ()


def lines(drops: Sequence[Drop], width: int) -> Iterator[pa.RecordBatch]:
    """The records of whole files with one header of `width` names, the header itself and blank lines left out."""
    for drop in drops:
        header = True
        for batch in _batches(records(lines_of(drop.path), width)):
            body = batch[1:] if header else batch
            header = False
            numbers, texts, fields = zip(*body, strict=True) if body else ((), (), ())
            columns = [
                pa.repeat(drop.name, len(body)),
                pa.repeat(pa.scalar(drop.day, pa.date32()), len(body)),
                pa.array(numbers, pa.int64()),
                pa.array(texts, pa.string()),
                pa.array(fields, SCHEMA.field("fields").type),
            ]
            yield pa.record_batch(columns, schema=SCHEMA)


def records(blocks: Iterator[list[bytes]], width: int | None) -> Iterator[Record]:
    """Records of a file, blank lines left out. A quoted record of another width than asked for is malformed."""
    lines = enumerate(chain.from_iterable(blocks), 1)
    ahead: list[tuple[int, bytes]] = []
    while True:
        number, line = ahead.pop(0) if ahead else next(lines, (0, b""))
        if not number:
            return
        if b'"' not in line:
            if line.strip():
                yield number, line.decode(), None
            continue
        fields, span = _quoted(line, lines, ahead)
        if fields is None or (width is not None and len(fields) != width):
            yield number, line.decode(), []
        else:
            text = b"\n".join([line, *(more for _, more in ahead[: span - 1])])
            del ahead[: span - 1]
            yield number, text.decode(), fields


def _quoted(
    line: bytes, lines: Iterator[tuple[int, bytes]], ahead: list[tuple[int, bytes]]
) -> tuple[list[str] | None, int]:
    """Fields of the record that begins with a line, and how many lines it spans; what it looks at stays `ahead`."""

    def following() -> Iterator[str]:
        yield line.decode() + "\n"
        for at in range(_LONGEST_RECORD - 1):
            if at == len(ahead):
                more = next(lines, None)
                if more is None:
                    return
                ahead.append(more)
            yield ahead[at][1].decode() + "\n"

    reader = csv.reader(following(), strict=True)
    try:
        fields = next(reader)
    except (csv.Error, StopIteration):
        return None, 1
    return fields, reader.line_num


def _batches(found: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    for record in found:
        batch.append(record)
        if len(batch) == 1 << 16:
            yield batch
            batch = []
    if batch:
        yield batch


def query(source: Source, header: Sequence[str], undeclared: Sequence[str]) -> str:
    """DuckDB text over the table `lines` for files of one header: declared columns as text, `_raw` and `_defect` of
    rows with another number of fields, and `_undeclared`. Of two columns of one name the first counts.
    """
    columns = ", ".join(_column(source, column, header) for column in source.columns)
    names = ", ".join(quote(name) for name in undeclared)
    good = f"len(parts) = {len(header)}"
    return f"""
        select {columns}, arrival_day, _file, _line,
          case when not {good} then text end as _raw,
          case when not {good} then 'malformed_row' end as _defect,
          case when {good} then cast([{names}] as varchar[]) end as _undeclared
        from (select *, coalesce(fields, string_split(text, ',')) as parts from lines)"""


def _column(source: Source, column: str, header: Sequence[str]) -> str:
    if column not in header:
        return f'cast(null as varchar) as "{column}"'
    value = f"case when len(parts) = {len(header)} then parts[{list(header).index(column) + 1}] end"
    return f'{jsonl.flat(f"({value})") if column in source.lists else value} as "{column}"'
