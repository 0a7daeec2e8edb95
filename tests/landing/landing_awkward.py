"""A landing zone with something of all that is awkward, and what became of it: to be the same however it was read."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from landing_toy import DAY, FORMATS, GOOD, Row, a, as_csv, drop, folder_of, later

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.keys import pseudonym
from media_privacy_pipeline.landing import quarantine, steps
from media_privacy_pipeline.landing.sources import SOURCES

LAST = later(2)
_KEYS = {
    "viewing_events": "event_id",
    "search_events": "event_id",
    "consent_events": "consent_event_id",
    "subject_requests": "request_id",
    "accounts": "account_id",
    "titles": "title_id",
}


def awkward(landing: Path, sources: Sequence[str] = SOURCES) -> None:
    """Drop it: three days of each of some inputs."""
    for source in sources:
        _good(landing, source)
        _torn(landing, source)
        _whole_files(landing, source)
    _viewing(landing)
    drop(landing, "search_events", [a("search_events", event_id="p", query="call a@example.org")], name="found.jsonl")
    strings = [("tcf", "nonsense"), (" TCF", "nonsense "), ("gpp", "DB"), ("gpp", "1YNN"), ("usp", "1YNN")]
    consents = [
        a("consent_events", consent_event_id=f"s{n}", purpose=None, state=None, signal=signal, signal_value=value)
        for n, (signal, value) in enumerate(strings)
    ]
    drop(landing, "consent_events", consents, name="strings.csv")
    drop(landing, "subject_requests", [a("subject_requests", request_id="hold", account_id="held", kind="legal_hold")])


def become(session: Session, sources: Sequence[str] = SOURCES, first: date = DAY, last: date = LAST) -> dict[str, Any]:
    """Let inputs in: what steps tell, every table that the door keeps, and every refusal."""
    found: dict[str, Any] = {}
    for source in sources:
        result = steps.accept(session, Span.of(first, last), source)
        found[f"told of {source}"] = (result.rows, result.metadata)
        for day in quarantine.days(session, source):
            found[f"quarantine of {source}, {day}"] = quarantine.read(session, source, day)
    reader = DuckDBEngine(session.settings.work)
    for table in session.lake.tables():
        rows = reader.fetch(f"select * from {table} order by all", {table: session.folder(table)})
        found[table] = (rows.schema, rows.to_pylist())
    reader.close()
    return found


def erase(session: Session, *ids: tuple[str, ...], at: datetime) -> None:
    """Put tombstones of accounts, or of profiles, in place."""
    key = session.keyring.derive("suppression")
    times = pa.array([at] * len(ids), pa.timestamp("us"))
    with session.lake.write("suppressed_subjects", "test") as staging:
        rows = {"subject_ref": [pseudonym(key, *one) for one in ids], "erased_at": times}
        pq.write_table(pa.table(rows), staging / "part-0.parquet")


def _good(landing: Path, source: str) -> None:
    key = _KEYS[source]
    for number, suffix in enumerate(FORMATS):
        rows = [a(source, **{key: f"{suffix}-{n}"}) for n in range(3)]
        odd = [{**row, "debug_blob": "x", f"Extra_{n % 2}": 1, "a name": 1} for n, row in enumerate(rows)]
        drop(landing, source, odd if number % 2 else rows, name=f"it's 100% \\ good #{number}.{suffix}")
    # Told twice, in another format, with another payload, and on another day.
    drop(landing, source, [a(source, **{key: "csv-1"})], name="twice.jsonl")
    other = {"titles": "title", "accounts": "plan", "search_events": "query", "subject_requests": "title_id"}
    drop(landing, source, [a(source, **{key: "jsonl-1", other.get(source, "device_id"): "other"})], name="other.csv")
    drop(landing, source, [a(source, **{key: "parquet-1"}), a(source, **{key: "new"})], LAST, name="late.csv.gz")
    gone = [a(source, **{key: f"gone{n}", "account_id": "gone"}) for n in range(2)]
    drop(landing, source, gone if source != "accounts" else [a(source, account_id="gone")], name="gone.jsonl")


def _torn(landing: Path, source: str) -> None:
    row = a(source, **{_KEYS[source]: "torn"})
    texts = [
        json.dumps({**row, _KEYS[source]: 'quote " back \\ tab \t line \u2028 nul\u0000 é 🎬 '}),
        json.dumps({**row, _KEYS[source]: {"nested": [1, None]}}),
        '{"torn": ', "null", "[1]", '"text"', "", " \t", "\u0085{", json.dumps(row)[:-1], json.dumps(row) + "x",
    ]  # fmt: skip
    (folder_of(landing, source) / "torn.jsonl").write_bytes("\r\n".join(texts).encode())
    good = as_csv([row, {**row, _KEYS[source]: 'two\nlines, and "quotes"'}])
    more = good.splitlines()[1]
    (folder_of(landing, source) / "torn.csv").write_bytes(
        b"\xef\xbb\xbf" + "\n".join([good, more + ",more", more.partition(",")[0], '"open', "", more]).encode()
    )


def _whole_files(landing: Path, source: str) -> None:
    folder = folder_of(landing, source, later(1))
    packed = gzip.compress(as_csv([GOOD[source]] * 500).encode())
    many = pa.Table.from_pylist([a(source, **{_KEYS[source]: f"inside-{n}"}) for n in range(2_000)])
    pq.write_table(many, folder / "inside.parquet", row_group_size=500)
    # The last rows alone are broken: those before them have been read by then.
    last = pq.read_metadata(folder / "inside.parquet").row_group(3).column(0)
    inside = bytearray((folder / "inside.parquet").read_bytes())
    inside[last.dictionary_page_offset : last.dictionary_page_offset + 200] = bytes(200)
    files = {
        "cut.csv.gz": packed[: len(packed) // 2],
        "plain.jsonl.gz": b"{}",
        "latin.jsonl": b'{"event_id": "\xe5"}\n',
        "garbage.parquet": b"PAR1 nothing PAR1",
        "inside.parquet": bytes(inside),
        "notes.txt": b"hello",
        "empty.csv": b"",
        "header.csv": f"{_KEYS[source]}\n".encode(),
        "other.csv": b"foo,bar\n1,2\n",
        "blank.jsonl": b"\n\n",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "folder.csv").mkdir()
    Path(f"{folder}/\udcff.csv").write_bytes(b"")


def _viewing(landing: Path) -> None:
    at = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
    times = [
        pa.array([at, None], pa.timestamp("us", "UTC")),
        pa.array([at, at], pa.timestamp("ns", "Europe/Stockholm")),
        pa.array([int(at.timestamp() * 1000), -1], pa.int64()),
        pa.array([at.timestamp() * 1000, float("nan")], pa.float64()),
    ]
    for number, started_at in enumerate(times):
        columns: dict[str, Any] = {
            "event_id": pa.array([f"typed {number}", f"typed {number} too"]).dictionary_encode(),
            "account_id": pa.array([7, 8], pa.int32()),
            "title_id": pa.array([b"t1", b"t2"], pa.binary()),
            "started_at": started_at,
            "watched_seconds": pa.array([86_401, 60], pa.int64()),
            "private_session": [True, None],
            "gpc": pa.array([None, None], pa.null()),
        }
        pq.write_table(pa.table(columns), folder_of(landing, "viewing_events") / f"typed-{number}.parquet")
    rules: Sequence[Row] = [
        a("viewing_events", event_id="naive", started_at="2026-03-01T10:00:00"),
        a("viewing_events", event_id="zone", started_at="2026-03-01 10:00:00.1234567+05:45"),
        a("viewing_events", event_id="old", started_at="2019-03-01T10:00:00Z"),
        a("viewing_events", event_id="held", started_at="2019-03-01T10:00:00Z", account_id="held"),
        a("viewing_events", event_id="long", watched_seconds=90_000),
        a("viewing_events", event_id="private", app_version="7.1.0 mail a@example.org"),
        a("viewing_events", event_id="a@example.org"),
        a("viewing_events", event_id=""),
    ]
    drop(landing, "viewing_events", rules, name="rules.jsonl")
