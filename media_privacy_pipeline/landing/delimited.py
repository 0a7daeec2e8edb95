"""Comma-separated text (RFC 4180) with a header. DuckDB splits what has no quotes; the csv module what has."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

import pyarrow as pa

from ..engines.duckdb import quote
from . import jsonl
from .drops import Drop, Part
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


def lines(parts: Sequence[Part], width: int) -> Iterator[pa.RecordBatch]:
    """The records of parts of files with one header of `width` names; the header itself, at the beginning of a file, is
    left out, blank lines are not.

    Up to its first quote a file's lines are its records and are handed on as they are, which takes a fifth of the time.
    """
    for part in parts:
        drop, number, header = part.drop, part.line, part.begin == 0
        blocks = lines_of(drop.path, part.begin, part.end)
        for block in blocks:
            if any(b'"' in line for line in block):
                rest = records(chain([block], blocks), width, number)
                yield from _split(drop, islice(rest, 1, None) if header else rest)
                break
            skip = next((at for at, line in enumerate(block, 1) if not _blank(line)), len(block)) if header else 0
            header = header and all(_blank(line) for line in block[:skip])
            yield _batch(drop, range(number + skip, number + len(block)), pa.array(block[skip:], pa.binary()))
            number += len(block)


def records(blocks: Iterable[list[bytes]], width: int | None, number: int = 1) -> Iterator[Record]:
    """Records of a file, blank lines left out; `number` is that of the first line. A quoted record of another width
    than asked for is malformed.
    """
    lines = enumerate(chain.from_iterable(blocks), number)
    ahead: list[tuple[int, bytes]] = []
    while True:
        number, line = ahead.pop(0) if ahead else next(lines, (0, b""))
        if not number:
            return
        if b'"' not in line:
            if not _blank(line):
                yield number, line.decode(), None
            continue
        fields, span = _quoted(line, lines, ahead)
        if fields is None or (width is not None and len(fields) != width):
            yield number, line.decode(), []
        else:
            text = b"\n".join([line, *(more for _, more in ahead[: span - 1])])
            del ahead[: span - 1]
            yield number, text.decode(), fields


def _blank(line: bytes) -> bool:
    return not line.strip(b" \t")


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


def _split(drop: Drop, found: Iterator[Record]) -> Iterator[pa.RecordBatch]:
    while some := list(islice(found, 1 << 16)):
        numbers, texts, fields = zip(*some, strict=True)
        yield _batch(drop, numbers, pa.array(texts, pa.string()), pa.array(fields, SCHEMA.field("fields").type))


def _batch(drop: Drop, numbers: Sequence[int], texts: pa.Array, fields: pa.Array | None = None) -> pa.RecordBatch:
    rows = len(numbers)
    columns = [
        pa.repeat(drop.name, rows),
        pa.repeat(pa.scalar(drop.day, pa.date32()), rows),
        pa.array(numbers, pa.int64()),
        texts.cast(pa.string()),
        pa.nulls(rows, SCHEMA.field("fields").type) if fields is None else fields,
    ]
    return pa.record_batch(columns, schema=SCHEMA)


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
        from (select *, coalesce(fields, string_split(text, ',')) as parts from lines)
        where fields is not null or trim(text, ' \t') <> ''"""


def _column(source: Source, column: str, header: Sequence[str]) -> str:
    if column not in header:
        return f'cast(null as varchar) as "{column}"'
    value = f"case when len(parts) = {len(header)} then parts[{list(header).index(column) + 1}] end"
    return f'{jsonl.flat(f"({value})") if column in source.lists else value} as "{column}"'
