"""Every format holds the same rows."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_toy import FORMATS, GOOD, a, accepted, as_csv, counts, drop, folder_of, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing.sources import SOURCES


@pytest.mark.parametrize("source", SOURCES)
def test_a_row_is_the_same_in_every_format(session: Session, landing: Path, source: str) -> None:
    found = []
    for number, suffix in enumerate(FORMATS):
        path = drop(landing, source, [GOOD[source]], name=f"part.{suffix}")
        let_in(session, source)
        found.append(accepted(session, source))
        path.unlink()
        assert counts(session, source)["accepted", ""] == 1, FORMATS[number]
    assert found[0]
    assert found == [found[0]] * len(FORMATS)


def test_formats_mix_in_one_day(session: Session, landing: Path) -> None:
    for number, suffix in enumerate(FORMATS):
        rows = [a("viewing_events", event_id=f"{number}-{row}") for row in range(3)]
        drop(landing, "viewing_events", rows, name=f"part-{number}.{suffix}")
    assert let_in(session, "viewing_events").rows == {"accepted_viewing_events": 15}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty.csv", b""),
        ("empty.jsonl", b""),
        ("nothing.csv.gz", b""),
        ("packed.jsonl.gz", gzip.compress(b"", mtime=0)),
        ("header.csv", b"event_id,account_id,title_id,started_at\n"),
        ("header.csv.gz", gzip.compress(b"event_id,account_id\r\n", mtime=0)),
        ("blank.jsonl", b"\n \n\t\n"),
        ("blank.csv", b"\nevent_id\n\n  \n"),
    ],
)
def test_a_file_without_rows_is_valid(session: Session, landing: Path, name: str, data: bytes) -> None:
    (folder_of(landing, "viewing_events") / name).write_bytes(data)
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events") == {}


def test_an_empty_parquet_file_is_valid(session: Session, landing: Path) -> None:
    table = pa.Table.from_pylist([GOOD["viewing_events"]]).slice(0, 0)
    pq.write_table(table, folder_of(landing, "viewing_events") / "part.parquet")
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events") == {}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_byte_order_marks_do_not_matter(
    session: Session, landing: Path, end: str, mark: bytes, last: bool
) -> None:
    rows = [a("viewing_events", event_id="e1"), a("viewing_events", event_id="e2")]
    texts = {
        "csv": as_csv(rows),
        "jsonl": "".join(json.dumps({**row, "event_id": row["event_id"] + "j"}) + "\n" for row in rows),
    }
    for suffix, text in texts.items():
        body = text if last else text.removesuffix("\n")
        (folder_of(landing, "viewing_events") / f"part.{suffix}").write_bytes(mark + body.replace("\n", end).encode())
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events")["accepted", ""] == 4
    assert {row["referrer"] for row in accepted(session, "viewing_events")} == {"search"}


def test_native_types_of_parquet_are_read(session: Session, landing: Path) -> None:
    at = datetime(2026, 3, 1, 9, 30, 0, 250_000, tzinfo=UTC)
    kinds = {
        "micros": pa.array([at], pa.timestamp("us", "UTC")),
        "nanos": pa.array([at], pa.timestamp("ns", "Europe/Stockholm")),
        "millis": pa.array([int(at.timestamp() * 1000)], pa.int64()),
        "float": pa.array([at.timestamp() * 1000], pa.float64()),
    }
    for name, started_at in kinds.items():
        table = pa.table(
            {
                "event_id": pa.array([name]).dictionary_encode(),
                "account_id": pa.array([7], pa.int32()),
                "title_id": pa.array([b"t1"], pa.binary()),
                "started_at": started_at,
                "watched_seconds": pa.array([float("nan")], pa.float64()),
                "private_session": [True],
                "gpc": pa.array([None], pa.null()),
            }
        )
        pq.write_table(table, folder_of(landing, "viewing_events") / f"{name}.parquet")
    let_in(session, "viewing_events")
    rows = accepted(session, "viewing_events")
    assert len(rows) == 4
    for row in rows:
        assert row["started_at"] == at.replace(tzinfo=None)
        assert (row["account_id"], row["title_id"], row["watched_seconds"]) == ("7", "t1", None)
        assert (row["private_session"], row["gpc"]) == (True, None)


def test_16_a_naive_parquet_timestamp_is_naive(session: Session, landing: Path) -> None:
    table = pa.Table.from_pylist([a("viewing_events", started_at=datetime(2026, 3, 1, 9))])
    pq.write_table(table, folder_of(landing, "viewing_events") / "part.parquet")
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events")["quarantined", "naive_timestamp"] == 1


@pytest.mark.parametrize("suffix", FORMATS)
def test_genres_are_a_list_however_they_are_written(session: Session, landing: Path, suffix: str) -> None:
    ways: list[list[str] | str] = ["drama|crime", "drama| crime |"]
    if suffix != "csv":
        ways.append(["drama", "crime"])
    if "parquet" not in suffix:
        ways.append('["drama", "crime"]')
    for number, genres in enumerate(ways):
        rows = [a("titles", title_id=str(number), genres=genres)]
        drop(landing, "titles", rows, name=f"{number}.{suffix}")
    let_in(session, "titles")
    assert [row["genres"] for row in accepted(session, "titles")] == [["drama", "crime"]] * len(ways)


def test_json_values_of_any_kind_become_text(session: Session, landing: Path) -> None:
    row = {
        "event_id": 17, "account_id": {"id": 3}, "profile_id": None, "title_id": ["x", 1], "started_at": 1772359200000,
        "watched_seconds": "60", "private_session": 1, "gpc": "false", "os": "säff\u0000ron",
    }  # fmt: skip
    drop(landing, "viewing_events", [row])
    let_in(session, "viewing_events")
    (found,) = accepted(session, "viewing_events")
    assert (found["event_id"], found["account_id"], found["title_id"]) == ("17", '{"id":3}', '["x",1]')
    assert (found["profile_id"], found["watched_seconds"], found["os"]) == ("main", 60, "säff\u0000ron")
    assert (found["private_session"], found["gpc"]) == (True, False)


def test_names_that_look_like_patterns_are_names(session: Session, landing: Path) -> None:
    for number, name in enumerate(["a*.parquet", "a?.parquet", "[ab].parquet", "it's.parquet", "å.parquet"]):
        drop(landing, "viewing_events", [a("viewing_events", event_id=str(number))], name=name)
    assert let_in(session, "viewing_events").rows == {"accepted_viewing_events": 5}
