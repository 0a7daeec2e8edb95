"""A few values of some columns of a day's files, looked at in passing: they stay in memory and go nowhere.

The sample is bounded and the same on every run: the first rows of each readable file in the order of names, as many
from each, so many a day in all.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from . import delimited
from .drops import Drop
from .forms import Csv, Form, Json, Parquet
from .textfile import lines_of

_LONGEST = 1000
"""Characters of a value that are looked at."""

Row = Mapping[str, Any]


def sample(files: Sequence[tuple[Drop, Form]], wanted: Callable[[str], bool], rows: int) -> dict[str, list[str]]:
    """Values as text, by column, of the columns that are wanted; nulls and blanks are left out."""
    found: dict[str, list[str]] = defaultdict(list)
    readable = sorted(((drop, form) for drop, form in files if isinstance(form, Json | Csv | Parquet)), key=_name)
    each = -(-rows // max(len(readable), 1))
    left = rows
    for drop, form in readable:
        for row in islice(_rows(drop, form, wanted, each), min(each, left)):
            left -= 1
            for name, value in row.items():
                if wanted(name) and (text := _text(value)):
                    found[name].append(text)
    return dict(found)


def _name(file: tuple[Drop, Form]) -> str:
    return file[0].name


def _rows(drop: Drop, form: Form, wanted: Callable[[str], bool], rows: int) -> Iterator[Row]:
    match form:
        case Json():
            return _objects(drop)
        case Csv(header) if any(map(wanted, header)):
            return _records(drop, header)
        case Parquet(types, others):
            return _table(drop, [name for name in (*dict(types), *others) if wanted(name)], rows)
    return iter(())


def _objects(drop: Drop) -> Iterator[Row]:
    for line in chain.from_iterable(lines_of(drop.path)):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(row, dict):
            yield row


def _records(drop: Drop, header: Sequence[str]) -> Iterator[Row]:
    for _, text, fields in islice(delimited.records(lines_of(drop.path), len(header)), 1, None):
        values = text.split(",") if fields is None else fields
        if len(values) == len(header):
            yield dict(zip(header, values, strict=True))


def _table(drop: Drop, names: Sequence[str], rows: int) -> Iterator[Row]:
    if not names:
        return
    try:
        with pq.ParquetFile(drop.path) as file:
            for batch in file.iter_batches(batch_size=rows, columns=list(names)):
                yield from batch.to_pylist()
                return
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        # A file that is corrupt inside is found out by the door, and named.
        return


def _text(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bytes):
        value = value.decode(errors="replace")
    return str(value).strip()[:_LONGEST]
