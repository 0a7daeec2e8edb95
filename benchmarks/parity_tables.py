"""What differs between two homes: tables row by row, chains and charges, models number by number, checks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import scan
from media_privacy_pipeline.models.training import registry
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.quality.runner import CheckOutcome

CLOSE = 1e-6
"""How far a figure of a model may be off, of the larger of 1 and itself."""
DRAWN = ("audit_findings",)
"""Tables of figures that the audit draws: only what was found to pass is the same."""
_DRAWN_COLUMNS = ("estimate", "low", "high", "limit")


class Difference(NamedTuple):
    """Something that is not the same: where, and what, in counts; never a value."""

    place: str
    what: str


def differences(
    left: Session,
    right: Session,
    checks: tuple[Mapping[str, CheckOutcome], Mapping[str, CheckOutcome]],
    learned: Sequence[str],
) -> Iterator[Difference]:
    """Everything in which two homes differ. In the tables of `learned` figures may be off by CLOSE."""
    ours, theirs = set(left.lake.tables()), set(right.lake.tables())
    yield from (Difference(table, "is in one home alone") for table in sorted(ours ^ theirs))
    for table in sorted(ours & theirs):
        what = _of_table(left, right, table, close=table in learned)
        if what:
            yield Difference(table, what)
    yield from _of_checks(*checks)
    yield from _of_ledgers(left, right)
    yield from _of_models(left, right)
    yield from _of_releases(left, right)


def _of_table(left: Session, right: Session, table: str, *, close: bool) -> str:
    with duckdb.connect(config={"threads": 2, "memory_limit": "1GB", "temp_directory": str(left.settings.work)}) as db:
        db.execute("set timezone = 'UTC'")
        types = left.project.contracts[table].types
        columns = [name for name in types if not (table in DRAWN and name in _DRAWN_COLUMNS)]
        for name, session in (("a", left), ("b", right)):
            db.execute(f"create view {name} as {scan(session.folder(table))}")
        # A float's shortest text says all of its bits.
        text = ", ".join(f'cast("{name}" as varchar) as "{name}"' for name in columns)
        counts = [
            _one(db, f"select count(*) from (select {text} from {one} except all select {text} from {other})")
            for one, other in (("a", "b"), ("b", "a"))
        ]
        if not any(counts):
            return ""
        rows = [_one(db, f"select count(*) from {name}") for name in ("a", "b")]
        if close and rows[0] == rows[1] and _is_close(*(_sorted(db, name, columns) for name in ("a", "b"))):
            return ""
    return f"{counts[0]} of {rows[0]} rows are in the first alone, {counts[1]} of {rows[1]} in the second"


def _one(db: duckdb.DuckDBPyConnection, sql: str) -> int:
    ((found,),) = db.execute(sql).fetchall()
    return int(found)


def _sorted(db: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str]) -> pa.Table:
    """The rows in order of what is exact in them, and then of their floats."""
    read = db.sql(f"select {', '.join(map(_quoted, columns))} from {name}")
    floats = {name for name, kind in zip(read.columns, read.types, strict=True) if str(kind) == "DOUBLE"}
    order = ", ".join(map(_quoted, sorted(columns, key=lambda column: column in floats)))
    return read.order(order).to_arrow_table()


def _quoted(column: str) -> str:
    return f'"{column}"'


def _is_close(left: pa.Table, right: pa.Table) -> bool:
    for name in left.column_names:
        if not _is_float(left.schema.field(name).type):
            if not left[name].equals(right[name]):
                return False
        elif not np.allclose(left[name].to_numpy(), right[name].to_numpy(), rtol=CLOSE, atol=CLOSE, equal_nan=True):
            return False
    return True


def _is_float(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind))


def _of_checks(left: Mapping[str, CheckOutcome], right: Mapping[str, CheckOutcome]) -> Iterator[Difference]:
    for name in sorted(left.keys() | right.keys()):
        one, other = left.get(name), right.get(name)
        if one != other:
            yield Difference(f"check {name}", f"{_told(one)} against {_told(other)}")


def _told(one: CheckOutcome | None) -> str:
    return "absent" if one is None else f"{one.passed} ({one.unexpected} of {one.total})"


def _of_ledgers(left: Session, right: Session) -> Iterator[Difference]:
    for name, sql in (
        ("consent ledger", "select seq, hash from consent_ledger order by seq"),
        (
            "budget ledger",
            "select name, partition, attempt, day, mu from privacy_charges order by name, partition, attempt",
        ),
    ):
        file = "consent.sqlite" if name.startswith("consent") else "privacy.sqlite"
        rows = [_rows(session.settings.home / "ledger" / file, sql) for session in (left, right)]
        if rows[0] != rows[1]:
            yield Difference(name, f"{len(rows[0])} rows against {len(rows[1])}, not all of them the same")


def _rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def _of_models(left: Session, right: Session) -> Iterator[Difference]:
    found = [registry(session.settings.models) for session in (left, right)]
    champions = [None if (name := each.champion()) is None else each.load(name) for each in found]
    if (champions[0] is None) != (champions[1] is None):
        yield Difference("the model in service", "there is one in one home alone")
    if champions[0] is None or champions[1] is None:
        return
    arrays = [each.arrays for each in champions if each is not None]
    if arrays[0].keys() != arrays[1].keys():
        yield Difference("the model in service", "has other arrays")
        return
    for name, array in arrays[0].items():
        other = arrays[1][name]
        same = array.shape == other.shape and (
            np.allclose(array, other, rtol=CLOSE, atol=CLOSE, equal_nan=True)
            if np.issubdtype(array.dtype, np.floating)
            else np.array_equal(array, other)
        )
        if not same:
            yield Difference(f"the model in service: {name}", "is not the same")


def _of_releases(left: Session, right: Session) -> Iterator[Difference]:
    releases = [open_release(session.settings.home, keys=session.settings.key_file) for session in (left, right)]
    if releases[0].tables != releases[1].tables:
        yield Difference("the release", f"{len(releases[0].tables)} tables against {len(releases[1].tables)}")
        return
    for table in releases[0].tables:
        rows = [release.arrow(table).num_rows for release in releases]
        if rows[0] != rows[1]:
            yield Difference(f"released {table}", f"{rows[0]} rows against {rows[1]}")
