"""Rows written in any format of a landing zone say the same, in bytes that do not depend on when they were written."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.landing import zone

AT = datetime(2026, 9, 1, 20, 15, tzinfo=UTC)
ROWS = pa.table(
    {
        "id": ["a", "b"],
        "words": ["plain", 'with, "quotes"'],
        "at": pa.array([AT, AT], pa.timestamp("ms", tz="UTC")),
        "flag": [True, None],
        "genres": [["drama", "crime"], []],
    }
)


def text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_csv_has_zones_bars_and_empty_fields(tmp_path: Path, suffix: str) -> None:
    zone.write(tmp_path / f"x{suffix}", ROWS)
    rows = list(csv.DictReader(io.StringIO(text(tmp_path / f"x{suffix}"))))
    assert rows[0] == {
        "id": "a", "words": "plain", "at": "2026-09-01T20:15:00Z", "flag": "true", "genres": "drama|crime"
    }  # fmt: skip
    assert (rows[1]["words"], rows[1]["flag"], rows[1]["genres"]) == ('with, "quotes"', "", "")


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_json_tells_local_time_and_leaves_out_what_is_not_known(tmp_path: Path, suffix: str) -> None:
    zone.write(tmp_path / f"x{suffix}", ROWS, offsets=np.array([2, -5]))
    first, second = (json.loads(line) for line in text(tmp_path / f"x{suffix}").splitlines())
    assert first["at"] == "2026-09-01T22:15:00+02:00"
    assert second["at"] == "2026-09-01T15:15:00-05:00"
    assert "flag" not in second


def test_milliseconds_are_kept_where_there_are_any() -> None:
    column = pa.chunked_array([pa.array([1_788_293_700_123], pa.timestamp("ms", tz="UTC"))])
    assert zone.text_times(column).to_pylist() == ["2026-09-01T20:15:00.123Z"]


def test_parquet_is_what_was_given(tmp_path: Path) -> None:
    zone.write(tmp_path / "x.parquet", ROWS)
    assert pq.ParquetFile(tmp_path / "x.parquet").read() == ROWS


@pytest.mark.parametrize("suffix", zone.SUFFIXES)
def test_the_same_rows_are_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("x", "y"):
        zone.write(tmp_path / f"{name}{suffix}", ROWS)
    assert (tmp_path / f"x{suffix}").read_bytes() == (tmp_path / f"y{suffix}").read_bytes()


def test_lines_go_in_as_they_are_before_the_rows_of_their_numbers(tmp_path: Path) -> None:
    zone.write(tmp_path / "x.csv", ROWS, lines=[(1, "torn\n"), (9, "last\n")])
    assert [line.split(",")[0] for line in text(tmp_path / "x.csv").splitlines()] == [
        '"id"',
        '"a"',
        "torn",
        '"b"',
        "last",
    ]


def test_a_suffix_that_no_zone_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"x\.orc: a landing file ends in one of"):
        zone.write(tmp_path / "x.orc", ROWS)


def test_a_zone_under_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), zone.new_folder(tmp_path / "file" / "zone"):
        pass
