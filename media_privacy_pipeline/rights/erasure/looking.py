"""Looking into one file of the home, whatever it is: its bytes as they are, and what they hold once opened."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...engines import Session
from ...errors import PipelineError
from ...landing import quarantine
from ...privacy.open import odometers_of
from ...published.crypt import decryption, table_key
from .needles import Needles

_BLOCK = 64 << 20
_SQLITE = b"SQLite format 3\x00"
_ROWS = 10_000
UNREADABLE = (PipelineError, OSError, ValueError, pa.ArrowException, sqlite3.Error, zlib.error, BadZipFile)
"""What looking into a damaged file may raise: a file that cannot be opened cannot be called clean."""


@dataclass
class Look:
    """What was found in one file: the people named in it, and how many bytes were searched once it was opened."""

    people: set[int]
    expanded: int = 0

    def values(self, needles: Needles, found: pa.Array) -> None:
        """Look at text values of a structured file: whole ones, and distinctive names inside them."""
        values = found.drop_null().cast(pa.string(), safe=False)
        if not len(values):
            return
        whole = pa.concat_arrays([values])
        text = whole.buffers()[2]
        self.expanded += 0 if text is None else text.size
        self.people |= needles.whole(whole)
        # Values lie side by side: what goes over an edge is in none of them.
        inside = needles.raw(text) - self.people if text is not None else set()
        self.people |= {n for n in inside if _within(needles, n, whole)}


def look_into(session: Session, file: Path, needles: Needles) -> Look:
    """Search a file, raw and opened. Raises one of UNREADABLE for one that cannot be opened."""
    found = Look(set())
    head = _raw(file, needles, found)
    home = _under(session, file)
    if file.suffix == ".parquet":
        _parquet(session, home, file, needles, found)
    elif file.suffix == ".sealed":
        # Of the erasure's own names nothing can be seen but that they are sealed; they go with the receipt.
        if home.parts[0] == session.settings.quarantine.name:
            _sealed(session, home, file, needles, found)
        elif file.parent == session.settings.odometers:
            found.values(needles, odometers_of(session).accounts(file))
    elif head.startswith(_SQLITE):
        _sqlite(file, needles, found)
    elif file.suffix == ".npz":
        _arrays(file, needles, found)
    elif file.suffix == ".gz":
        _text(gzip.decompress(file.read_bytes()), needles, found)
    elif b"\x00" not in head:
        _text(file.read_bytes(), needles, found)
    return found


def _under(session: Session, file: Path) -> Path:
    """A file's name under the home, or under lake or releases where these are elsewhere."""
    places = (session.settings.home, session.settings.lake, session.settings.published)
    return next((file.relative_to(place) for place in places if file.is_relative_to(place)), file)


def _raw(file: Path, needles: Needles, found: Look) -> bytes:
    """Search the bytes as they are, in blocks that overlap; the first of them."""
    overlap, tail, head = max(needles.longest - 1, 0), b"", b""
    with file.open("rb") as stream:
        while block := stream.read(_BLOCK):
            head = head or block[:4096]
            found.people |= needles.raw(tail + block)
            tail = block[-overlap:] if overlap else b""
    return head


def _parquet(session: Session, home: Path, file: Path, needles: Needles, found: Look) -> None:
    """Every value of every text column, dictionaries included: also an entry that no row refers to."""
    properties = None
    if "restricted" in home.parts:
        table = home.parts[home.parts.index("restricted") + 1]
        purpose = str(session.project.contracts[table].meta.purpose)
        properties = decryption(table_key(session.keyring, purpose))
    with pq.ParquetFile(file, decryption_properties=properties) as plain:
        schema, groups = plain.schema_arrow, plain.num_row_groups
    text = [field.name for field in schema if _is_text(field.type)]
    with pq.ParquetFile(file, decryption_properties=properties, read_dictionary=text) as source:
        for group in range(groups):
            for field in schema:
                for chunk in source.read_row_group(group, columns=[field.name]).column(0).chunks:
                    for values in _texts(chunk):
                        found.values(needles, values)


def _texts(chunk: pa.Array) -> Iterator[pa.Array]:
    """The text in an array: of a dictionary all entries, of what is nested what lies within."""
    if isinstance(chunk, pa.DictionaryArray):
        yield from _texts(chunk.dictionary)
    elif isinstance(chunk, pa.ListArray | pa.LargeListArray | pa.MapArray):
        yield from _texts(chunk.flatten())
    elif isinstance(chunk, pa.StructArray):
        for child in chunk.flatten():
            yield from _texts(child)
    elif _is_text(chunk.type):
        yield chunk


def _sealed(session: Session, home: Path, file: Path, needles: Needles, found: Look) -> None:
    source, day = home.parts[1], date.fromisoformat(home.parts[2].partition("=")[2])
    rows = list(quarantine.lines_of(session, source, day, file))
    _text("\n".join(rows).encode(), needles, found)
    for row in rows:
        _json(json.loads(row), needles, found)


def _sqlite(file: Path, needles: Needles, found: Look) -> None:
    """Every text value of every table: a long one lies in pieces over several pages, where raw bytes do not show it."""
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        tables = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
        for (table,) in tables:
            rows = connection.execute(f'select * from "{table}"')
            while chunk := rows.fetchmany(_ROWS):
                texts = [value for row in chunk for value in row if isinstance(value, str)]
                blobs = [value for row in chunk for value in row if isinstance(value, bytes)]
                found.people |= needles.whole(pa.array(texts, pa.string()))
                _text("\x00".join(texts).encode() + b"\x00" + b"\x00".join(blobs), needles, found)
    finally:
        connection.close()


def _arrays(file: Path, needles: Needles, found: Look) -> None:
    with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as arrays:
        for name in arrays.files:
            if arrays[name].dtype.kind in "US":
                found.values(needles, pa.array(arrays[name].astype(str).ravel().tolist(), pa.string()))


def _text(data: bytes, needles: Needles, found: Look) -> None:
    found.expanded += len(data)
    found.people |= needles.text(data)
    if data[:1] in (b"{", b"["):
        for document in _documents(data):
            _json(document, needles, found)


def _documents(data: bytes) -> Iterator[Any]:
    """A JSON document, or one a line."""
    try:
        yield json.loads(data)
    except ValueError:
        for line in data.splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                return


def _json(document: Any, needles: Needles, found: Look) -> None:
    found.people |= needles.whole(pa.array(list(_strings(document)), pa.string()))


def _strings(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield key
            yield from _strings(value)
    elif isinstance(document, list):
        for value in document:
            yield from _strings(value)


def _within(needles: Needles, number: int, values: pa.Array) -> bool:
    return any(
        pc.any(pc.match_substring(values, name)).as_py() for name, whose in needles.people.items() if whose == number
    )


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_binary(kind))
