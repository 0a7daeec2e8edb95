"""Small landing zones: a good row of each input, writers for each format, and a door to let them in by."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.engines import Session, Span, StepResult
from media_privacy_pipeline.landing import steps
from media_privacy_pipeline.landing.accounting import Count

DAY = date(2026, 3, 1)
FORMATS = ("parquet", "jsonl", "jsonl.gz", "csv", "csv.gz")

Row = dict[str, Any]

GOOD: dict[str, Row] = {
    "viewing_events": {
        "event_id": "e1", "account_id": "a1", "title_id": "t1", "started_at": "2026-03-01T10:00:00Z",
        "watched_seconds": 60, "device_type": "tv", "country": "SE", "region": "SE-AB", "referrer": "search",
    },
    "search_events": {"event_id": "s1", "account_id": "a1", "searched_at": "2026-03-01T10:00:00Z", "query": "boats"},
    "consent_events": {
        "consent_event_id": "c1", "account_id": "a1", "purpose": "analytics", "state": "granted", "signal": "ui",
        "effective_at": "2026-03-01T10:00:00Z", "recorded_at": "2026-03-01T10:00:01Z",
    },
    "subject_requests": {
        "request_id": "r1", "account_id": "a1", "kind": "access", "received_at": "2026-03-01T10:00:00Z",
        "verified": True,
    },
    "accounts": {"account_id": "a1", "profile_id": "main", "birth_year": 1980, "email": "a@example.org"},
    "titles": {"title_id": "t1", "title": "One", "kind": "film", "genres": ["drama", "crime"]},
}  # fmt: skip
"""A good row of each input."""


def a(source: str, **other: Any) -> Row:
    """A good row with other values; a value of None leaves the column out."""
    return {name: value for name, value in {**GOOD[source], **other}.items() if value is not None}


def folder_of(landing: Path, source: str, day: date = DAY) -> Path:
    """Where drops of an input go."""
    folder = landing / source if source in ("accounts", "titles") else landing / source / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def drop(landing: Path, source: str, rows: Sequence[Row], day: date = DAY, name: str = "part-0.jsonl") -> Path:
    """Write rows as a drop, in the format of the name's suffix."""
    path = folder_of(landing, source, day) / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist([*rows], schema=_schema(rows)), path)
        return path
    text = as_csv(rows) if ".csv" in name else "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path


def as_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV; lists become text separated by |."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: "|".join(value) if isinstance(value, list) else value for name, value in row.items()})
    return out.getvalue()


def _schema(rows: Sequence[Row]) -> pa.Schema:
    names = dict.fromkeys(name for row in rows for name in row)
    return pa.schema({name: pa.array([row.get(name) for row in rows]).type for name in names})


def let_in(session: Session, source: str, first: date = DAY, last: date | None = None) -> StepResult:
    """Let an input's drops of some days in, and see that every row is accounted for by day."""
    return steps.accept(session, Span.of(first, last or first), source)


def accepted(session: Session, source: str) -> list[Row]:
    """All accepted rows, in the order of their values."""
    table = f"accepted_{source}"
    rows = session.engine.fetch(f"select * from {table}", {table: session.folder(table)}).to_pylist()
    return sorted(rows, key=repr)


def counts(session: Session, source: str) -> dict[tuple[str, str], int]:
    """Counts of an input over all days, by stage and reason."""
    found: dict[tuple[str, str], int] = {}
    for count in accounting(session, source):
        key = count.stage, count.reason
        found[key] = found.get(key, 0) + count.rows
    return found


def accounting(session: Session, source: str) -> list[Count]:
    """All counts of an input."""
    table = f"accounted_{source}"
    rows = session.engine.fetch(f"select * from {table}", {table: session.folder(table)}).to_pylist()
    return sorted(Count(**row) for row in rows)


def later(days: int) -> date:
    """A day after the first."""
    return DAY + timedelta(days=days)
