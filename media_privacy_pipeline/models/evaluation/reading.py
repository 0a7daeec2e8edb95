"""Files of user, title, rating and time in the forms that the field uses, recognised by name and content.

MovieLens `ratings.dat` (`::`), `u.data` (tabs, no header) and `ratings.csv`; RecBole's `.inter` (tabs, header with
types); any other text with tabs, commas, semicolons or bars; Parquet. Text may be compressed (`.gz`). Rows are counted
from 1, without the header and empty lines. No message holds a value of a row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv, parquet

from ...errors import Refused, UsageError
from ..interactions import Bools, Floats, Ints
from . import columns
from .ratings import Ratings

Repeats = Literal["refuse", "last"]
_DELIMITERS = ("\t", ",", ";", "|")


@dataclass(frozen=True)
class Form:
    """How files are to be read where it cannot be told from them."""

    order: tuple[str, ...] | None = None
    """What the columns are, in the order of the file; None: by the header, or the usual order."""
    header: bool | None = None
    """Whether the first line is a header; None: it is if it names a user and an item."""
    repeats: Repeats = "refuse"
    """What to do with a pair that comes again: refuse the file, or let its latest (without times its last) row hold."""


@dataclass(frozen=True)
class Source:
    """What was read: for the record."""

    name: str
    form: str
    sha256: str
    rows: int
    repeats: int


def read(path: Path, form: Form) -> tuple[Ratings, Source]:
    """The rows of a file. Raises UsageError for a file that is not there or whose form cannot be told, Refused with
    file, row and rule for a row that breaks one."""
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file")
    if path.suffix == ".parquet":
        kind, table = "parquet", _of_parquet(path, form)
    else:
        kind, table = _of_text(path, form)
    ratings = _checked(path, table)
    unique = _last_of_pairs(path, ratings, form.repeats)
    source = Source(path.name, kind, _digest(path), len(ratings), len(ratings) - len(unique))
    return ratings.take(unique), source


def _of_parquet(path: Path, form: Form) -> Mapping[str, pa.Array]:
    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
        places = columns.by_order(len(names), str(path), form.order) if form.order else columns.by_name(names)
        if places is None:
            raise UsageError(f"{path}: no column is named user and item (or user_id, item_id, ...); or give --columns")
        table = file.read(columns=[names[place] for place in places.values()])
    except pa.ArrowInvalid:
        raise Refused(f"{path}: it is no Parquet file that can be read") from None
    return {role: table.column(names[place]).combine_chunks() for role, place in places.items()}


def _of_text(path: Path, form: Form) -> tuple[str, Mapping[str, pa.Array]]:
    try:
        with pa.input_stream(path, compression="detect") as stream:
            head = stream.read(65536).decode("utf-8", errors="replace").splitlines()
    except (OSError, pa.ArrowInvalid):
        raise Refused(f"{path}: it cannot be unpacked") from None
    first = next((line for line in head if line.strip()), "")
    if not first:
        raise Refused(f"{path}: it is empty")
    delimiter = "::" if "::" in first else next((each for each in _DELIMITERS if each in first), None)
    if delimiter is None:
        raise UsageError(f"{path}: row 1 has one column only: separate user and title by ::, tab, comma, ; or |")
    fields = [field.strip() for field in first.split(delimiter)]
    named = columns.by_name(fields)
    header = named is not None if form.header is None else form.header
    if header and form.order is None:
        if named is None:
            raise UsageError(f"{path}: its header names no user and item; or give --columns")
        places = named
    else:
        places = columns.by_order(len(fields), str(path), form.order)
    split = _split if delimiter == "::" else _parse
    found = split(path, delimiter, len(fields), header)
    kind = {"::": "ratings.dat", "\t": "tab", ",": "csv"}.get(delimiter, f"text with {delimiter}")
    kind = "inter" if header and ":" in first and delimiter == "\t" else kind
    return kind, {role: found.column(place).combine_chunks() for role, place in places.items()}


def _parse(path: Path, delimiter: str, width: int, header: bool, *, quoted: bool = True) -> pa.Table:
    names = [f"f{place}" for place in range(width)]
    torn: list[int] = []

    def noted(row: csv.InvalidRow) -> str:
        torn.append(0 if row.number is None else row.number - header)
        return "skip"

    parse = csv.ParseOptions(delimiter=delimiter, invalid_row_handler=noted, quote_char='"' if quoted else False)
    options = csv.ReadOptions(column_names=names, skip_rows=int(header), use_threads=False)
    as_text = csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True, null_values=[""]
    )
    try:
        with pa.input_stream(path, compression="detect") as stream:
            table = csv.read_csv(stream, read_options=options, parse_options=parse, convert_options=as_text)
    except pa.ArrowInvalid as error:
        if "UTF8" in str(error):
            raise Refused(f"{path}: it is not UTF-8 text") from None
        raise Refused(f"{path}: its rows cannot be read as text with {width} columns") from None
    if torn:
        _refuse(path, np.array(torn) - 1, f"expected {width} columns as in the first line")
    return table


def _split(path: Path, delimiter: str, width: int, header: bool) -> pa.Table:
    """Rows with a separator of two characters: each line is read whole, then split."""
    lines = _parse(path, "\x01", 1, header, quoted=False).column(0).combine_chunks()
    parts = pc.split_pattern(lines, delimiter)
    uneven = pc.list_value_length(parts).fill_null(0).to_numpy(zero_copy_only=False) != width
    if uneven.any():
        _refuse(path, np.flatnonzero(uneven), f"expected {width} columns as in the first line")
    return pa.table({f"f{place}": pc.list_element(parts, place) for place in range(width)})


def _checked(path: Path, table: Mapping[str, pa.Array]) -> Ratings:
    """The columns as they must be. Raises Refused."""
    ids = {role: _ids(path, table[role], role) for role in ("user", "item")}
    if not len(ids["user"]):
        raise Refused(f"{path}: it has no rows")
    numbers = {
        role: _numbers(path, table[role], role, dated=role == "timestamp")
        for role in ("rating", "timestamp")
        if role in table
    }
    return Ratings(ids["user"], ids["item"], numbers.get("rating"), numbers.get("timestamp"))


def _ids(path: Path, values: pa.Array, role: str) -> pa.StringArray:
    if not (pa.types.is_integer(values.type) or _is_text(values.type)):
        raise Refused(f"{path}: the {role} column holds {values.type}: ids are texts or whole numbers")
    texts = values.cast(pa.string())
    empty = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(texts)).fill_null(0), 0)
    if (bad := np.flatnonzero(empty.to_numpy(zero_copy_only=False))).size:
        _refuse(path, bad, f"the {role} id is missing")
    return texts


def _numbers(path: Path, values: pa.Array, role: str, *, dated: bool) -> Floats:
    if dated and pa.types.is_temporal(values.type):
        numbers = _seconds(values.cast(pa.timestamp("us")).to_pandas())
    elif _is_text(values.type):
        texts = values.to_pandas()
        numbers = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, na_value=np.nan)
        if dated and len(numbers) and np.isnan(numbers).all():
            numbers = _seconds(pd.to_datetime(texts, errors="coerce", format="ISO8601", utc=True))
    elif pa.types.is_integer(values.type) or pa.types.is_floating(values.type) or pa.types.is_decimal(values.type):
        numbers = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    else:
        raise Refused(f"{path}: the {role} column holds {values.type}, not numbers")
    if (bad := np.flatnonzero(~np.isfinite(numbers))).size:
        rule = f"the {role} is no finite number"
        if bad[0] == 0 and _is_text(values.type):
            rule += "; if the first line is a header, name its columns user, item, rating, timestamp, or give --header"
        _refuse(path, bad, rule)
    return np.asarray(numbers, np.float64)


def _seconds(values: Any) -> Floats:
    stamps = pd.Series(values)
    if stamps.dt.tz is not None:
        stamps = stamps.dt.tz_convert(None)
    whole = stamps.astype("datetime64[us]")
    return np.where(whole.isna(), np.nan, whole.astype("int64").to_numpy() / 1e6)


def _last_of_pairs(path: Path, ratings: Ratings, repeats: Repeats) -> Ints:
    """Rows that stay when each pair is kept once, ascending. Raises Refused where a pair comes again and may not."""
    users = ratings.users.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    titles = ratings.titles.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    pair = users * (int(titles.max()) + 1) + titles
    order = np.arange(len(pair)) if ratings.times is None else np.argsort(ratings.times, kind="stable")
    order = order[np.argsort(pair[order], kind="stable")]
    last: Bools = np.ones(len(pair), bool)
    last[:-1] = pair[order][1:] != pair[order][:-1]
    if repeats == "refuse" and not last.all():
        by_row = np.argsort(pair, kind="stable")
        again = by_row[1:][pair[by_row][1:] == pair[by_row][:-1]]
        _refuse(path, np.sort(again), "the pair of user and title came before; or give --repeats last")
    return np.sort(order[last])


def _refuse(path: Path, rows: Ints, rule: str) -> NoReturn:
    """Say which row breaks which rule, and how many more do."""
    first = int(rows.min()) + 1
    where = f"{path}: row {first}" if first > 0 else f"{path}: a row"
    more = f" ({len(rows) - 1} more rows too)" if len(rows) > 1 else ""
    raise Refused(f"{where}: {rule}{more}")


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
