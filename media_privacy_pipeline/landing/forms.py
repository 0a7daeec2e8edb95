"""What a file is, told from its suffix and its first bytes: the form that it is read in, or why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from . import delimited, parquetfile
from .drops import Drop
from .sources import Source
from .textfile import defect_of


@dataclass(frozen=True)
class Json:
    """JSON Lines."""


@dataclass(frozen=True)
class Csv:
    """Comma-separated text with these columns; none in an empty file."""

    header: tuple[str, ...]


@dataclass(frozen=True)
class Parquet:
    """Parquet: the type of each declared column, the names of the others, and the rows."""

    types: tuple[tuple[str, pa.DataType], ...]
    others: tuple[str, ...]
    rows: int


@dataclass(frozen=True)
class Unreadable:
    """Nothing of it is taken in."""

    reason: str


Form = Json | Csv | Parquet | Unreadable


def form_of(drop: Drop, source: Source) -> Form:
    """The form of one file. A table without any required column is not the input's: its delimiter or place is wrong."""
    try:
        drop.name.encode()
    except UnicodeEncodeError:
        return Unreadable("bad_name")
    if not drop.path.is_file():
        return Unreadable("not_a_file")
    match _suffix(drop):
        case "jsonl":
            defect = defect_of(drop.path)
            return Json() if defect is None else Unreadable(defect)
        case "csv":
            defect = defect_of(drop.path)
            if defect is not None:
                return Unreadable(defect)
            header = delimited.header_of(drop)
            return Csv(header) if not header or source.required & set(header) else Unreadable("wrong_columns")
        case "parquet":
            found = parquetfile.types_of(drop.path)
            if isinstance(found, str):
                return Unreadable(found)
            types, rows = found
            if not source.required & types.keys():
                return Unreadable("wrong_columns")
            declared = tuple((column, types[column]) for column in source.columns if column in types)
            return Parquet(declared, tuple(name for name in types if name not in source.columns), rows)
    return Unreadable("unknown_suffix")


def _suffix(drop: Drop) -> str:
    return drop.path.name.removesuffix(".gz").rpartition(".")[2] if not drop.path.name.endswith(".parquet.gz") else ""
