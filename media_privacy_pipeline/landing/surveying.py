"""What each file is and where it may be cut, told by executors: every file is read there once, to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Engine
from ..errors import Refused
from . import parquetfile, textfile
from .drops import Drop, Part
from .forms import Csv, Form, Json, Parquet, Unreadable, form_of
from .sources import Source

_Item = TypeVar("_Item")
_MOST_BYTES, _FEWEST_BYTES, _TASKS = 64 << 20, 4 << 20, 64
_SCHEMA = pa.schema(
    {
        "number": pa.int64(),
        "kind": pa.string(),
        "reason": pa.string(),
        "names": pa.list_(pa.string()),
        "types": pa.binary(),
        "rows": pa.int64(),
        "cuts": pa.list_(pa.int64()),
    }
)
"""A file: which it is, its form, taken to pieces, and two numbers for each place where it may be cut."""


class Surveyed(NamedTuple):
    """The form of one file, and the parts in which it may be read."""

    drop: Drop
    form: Form
    parts: tuple[Part, ...]


def survey(engine: Engine, source: Source, drops: Sequence[Drop], folder: Path) -> list[Surveyed]:
    """What files are, told into an empty folder: as many rows as there are files.

    Raises Refused where an executor cannot open what lies in the landing zone here.
    """
    size = piece_size(sum(drop.size for drop in drops))
    tasks = packed([(number, drop) for number, drop in enumerate(drops)], [drop.size for drop in drops], size)
    engine.spread(len(tasks), partial(_survey, source, tasks, size), _SCHEMA, folder)
    told = {row["number"]: row for file in folder.glob("*.parquet") for row in pq.read_table(file).to_pylist()}
    return [_surveyed(drop, told[number]) for number, drop in enumerate(drops)]


def piece_size(total: int) -> int:
    """Bytes that a task is given of so many: some dozen tasks, unless they would be tiny or large."""
    return min(max(total // _TASKS, _FEWEST_BYTES), _MOST_BYTES)


def packed(items: Sequence[_Item], sizes: Sequence[int], most: int) -> list[list[_Item]]:
    """Items in their order in groups of not more than so many bytes, unless one alone has more."""
    found: list[list[_Item]] = []
    full = 0
    for item, size in zip(items, sizes, strict=True):
        if not found or full + size > most:
            found.append([])
            full = 0
        found[-1].append(item)
        full += size
    return found


def _survey(source: Source, tasks: Sequence[Sequence[tuple[int, Drop]]], size: int, task: int) -> Iterator[Any]:
    for number, drop in tasks[task]:
        form, cuts = form_of(drop, source), []
        match form:
            case Json() | Csv():
                cuts = textfile.cuts_of(drop.path, size, records=isinstance(form, Csv))
            case Parquet():
                cuts = parquetfile.cuts_of(drop.path, size)
        row = {"number": number, **_packed_form(form), "cuts": [at for cut in cuts for at in cut]}
        yield pa.RecordBatch.from_pylist([row], schema=_SCHEMA)


def _packed_form(form: Form) -> dict[str, Any]:
    match form:
        case Json():
            return {"kind": "json"}
        case Csv(header):
            return {"kind": "csv", "names": list(header)}
        case Parquet(types, others, rows):
            schema = pa.schema(list(types)).serialize().to_pybytes()
            return {"kind": "parquet", "types": schema, "names": list(others), "rows": rows}
        case Unreadable(reason):
            return {"kind": "unreadable", "reason": reason}


def _form(row: dict[str, Any]) -> Form:
    match row["kind"]:
        case "json":
            return Json()
        case "csv":
            return Csv(tuple(row["names"]))
        case "parquet":
            types = pa.ipc.read_schema(pa.py_buffer(row["types"]))
            return Parquet(tuple((field.name, field.type) for field in types), tuple(row["names"]), row["rows"])
    return Unreadable(row["reason"])


def _surveyed(drop: Drop, row: dict[str, Any]) -> Surveyed:
    form = _form(row)
    if isinstance(form, Unreadable):
        if form.reason in ("not_a_file", "no_permission", "io_error") and _opens(drop):
            raise Refused(
                f"{drop.name}: a worker of Spark cannot open it ({form.reason}), and it can be opened here: let every "
                "worker have the landing zone under the same path, with leave to read it, and run again"
            )
        return Surveyed(drop, form, ())
    flat = row["cuts"]
    starts = [(0, 1), *zip(flat[::2], flat[1::2], strict=True)]
    ends = [end for _, (end, _) in pairwise(starts)]
    parts = tuple(Part(drop, begin, end, line) for (begin, line), end in zip(starts, [*ends, None], strict=True))
    return Surveyed(drop, form, parts)


def _opens(drop: Drop) -> bool:
    try:
        with drop.path.open("rb") as stream:
            stream.read(1)
    except OSError:
        return False
    return drop.path.is_file()
