"""A file that cannot be read whole is set aside by name and reason, and the rest of the drop goes on."""

from __future__ import annotations

import gzip
import random
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_toy import DAY, GOOD, a, as_csv, counts, drop, folder_of, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import parquetfile, quarantine, textfile
from media_privacy_pipeline.landing.sources import SOURCES

GOOD_CSV = as_csv([GOOD["viewing_events"]]).encode()
PACKED = gzip.compress(as_csv([a("viewing_events", event_id=str(n)) for n in range(5000)]).encode())

FILES = {
    "truncated.csv.gz": (PACKED[: len(PACKED) // 2], "truncated_gzip"),
    "cut.jsonl.gz": (gzip.compress(b'{"event_id": 1}\n')[:-4], "truncated_gzip"),
    "flipped.csv.gz": (PACKED[:200] + b"\xff\xff\xff\xff" + PACKED[204:], "corrupt_gzip"),
    "plain.csv.gz": (GOOD_CSV, "corrupt_gzip"),
    "latin.csv": (GOOD_CSV.replace(b"search", "sök".encode("latin-1")), "not_utf8"),
    "latin.jsonl": (b'{"event_id": "\xe5"}\n', "not_utf8"),
    "cut-letter.jsonl": ('{"event_id": "å'.encode()[:-1], "not_utf8"),
    "semicolon.csv": (GOOD_CSV.replace(b",", b";"), "wrong_columns"),
    "tabs.csv": (GOOD_CSV.replace(b",", b"\t"), "wrong_columns"),
    "headless.csv": (GOOD_CSV.partition(b"\n")[2], "wrong_columns"),
    "other.csv": (b"foo,bar\n1,2\n", "wrong_columns"),
    "garbage.parquet": (b"PAR1 nothing PAR1", "corrupt_parquet"),
    "empty.parquet": (b"", "corrupt_parquet"),
    "notes.txt": (b"hello", "unknown_suffix"),
    "events.parquet.gz": (b"", "unknown_suffix"),
    "noname": (b"", "unknown_suffix"),
    "events.json": (b"{}", "unknown_suffix"),
}


@pytest.mark.parametrize("name", FILES)
def test_the_file_is_named_and_the_rest_goes_on(session: Session, landing: Path, name: str) -> None:
    data, reason = FILES[name]
    drop(landing, "viewing_events", [GOOD["viewing_events"]], name="good.jsonl")
    (folder_of(landing, "viewing_events") / name).write_bytes(data)
    let_in(session, "viewing_events")
    found = counts(session, "viewing_events")
    assert (found["accepted", ""], found["landed", ""], found["unreadable_file", reason]) == (1, 1, 1)
    (refusal,) = quarantine.read(session, "viewing_events", DAY)
    assert (refusal.file, refusal.line, refusal.reason) == (f"viewing_events/day={DAY}/{name}", None, reason)
    assert (refusal.row, refusal.raw) == (None, None)


def test_a_parquet_file_without_a_required_column_is_another_table(session: Session, landing: Path) -> None:
    pq.write_table(pa.table({"foo": [1]}), folder_of(landing, "viewing_events") / "part.parquet")
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events") == {("unreadable_file", "wrong_columns"): 1}


def test_a_parquet_file_that_breaks_while_it_is_read_costs_only_itself(session: Session, landing: Path) -> None:
    rows = [a("viewing_events", event_id=f"{n:032x}", account_id=str(random.Random(n).random())) for n in range(3000)]
    broken = drop(landing, "viewing_events", rows, name="broken.parquet")
    data = bytearray(broken.read_bytes())
    data[100:1500] = bytes(1400)
    broken.write_bytes(data)
    pq.read_schema(broken)
    drop(landing, "viewing_events", [GOOD["viewing_events"]], name="good.parquet")
    let_in(session, "viewing_events")
    found = counts(session, "viewing_events")
    assert (found["accepted", ""], found["unreadable_file", "corrupt_parquet"]) == (1, 1)


def test_parquet_text_that_is_not_utf8_costs_only_its_file(session: Session, landing: Path) -> None:
    table = pa.Table.from_pylist([a("viewing_events", account_id=b"\xff\xfe")])
    pq.write_table(table, folder_of(landing, "viewing_events") / "bad.parquet")
    drop(landing, "viewing_events", [GOOD["viewing_events"]], name="good.parquet")
    let_in(session, "viewing_events")
    found = counts(session, "viewing_events")
    assert (found["accepted", ""], found["unreadable_file", "corrupt_parquet"]) == (1, 1)


@pytest.mark.parametrize("name", ["part.jsonl", "part.csv", "part.parquet", "part.csv.gz"])
def test_a_file_that_may_not_be_read_is_named(
    session: Session, landing: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests may run as root, whom no mode keeps out.
    drop(landing, "viewing_events", [GOOD["viewing_events"]], name=name)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(textfile, "_blocks", refuse)
    monkeypatch.setattr(parquetfile, "pq", SimpleNamespace(ParquetFile=refuse))
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events") == {("unreadable_file", "no_permission"): 1}


def test_a_folder_among_the_files_is_named(session: Session, landing: Path) -> None:
    (folder_of(landing, "viewing_events") / "nested.csv").mkdir()
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events") == {("unreadable_file", "not_a_file"): 1}


def test_a_name_that_is_not_text_is_told_apart(session: Session, landing: Path) -> None:
    folder = folder_of(landing, "viewing_events")
    Path(str(folder) + "/\udcff.csv").write_bytes(GOOD_CSV)
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events") == {("unreadable_file", "bad_name"): 1}
    assert quarantine.read(session, "viewing_events", DAY)[0].file.endswith("\\udcff.csv")


def test_a_line_without_end_is_not_held_in_memory(
    session: Session, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(textfile, "_LONGEST", 1000)
    monkeypatch.setattr(textfile, "_BLOCK", 100)
    (folder_of(landing, "viewing_events") / "one.jsonl").write_bytes(b"x" * 1200)
    drop(landing, "viewing_events", [GOOD["viewing_events"]] * 20, name="good.jsonl")
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events") == {
        ("unreadable_file", "line_too_long"): 1,
        ("landed", ""): 20,
        ("accepted", ""): 1,
        ("duplicate", ""): 19,
        ("flagged", "title_unknown"): 1,
    }


@pytest.mark.parametrize("source", SOURCES)
def test_an_unreadable_file_is_counted_for_every_input(session: Session, landing: Path, source: str) -> None:
    (folder_of(landing, source) / "bad.jsonl").write_bytes(b"\xff")
    let_in(session, source)
    assert counts(session, source) == {("unreadable_file", "not_utf8"): 1}
