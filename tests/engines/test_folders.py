"""Both engines read and write the lake's folders alike."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines import Engine, Folder

TYPES = {
    "id": "varchar", "n": "integer", "total": "bigint", "share": "double", "yes": "boolean",
    "seen_at": "timestamp", "day": "date", "genres": "varchar[]",
}  # fmt: skip
ROWS = [
    {
        "id": "a", "n": 2**31 - 1, "total": 2**63 - 1, "share": 0.1, "yes": True,
        "seen_at": datetime(2024, 2, 29, 23, 59, 59, 999_999), "day": date(2024, 2, 29), "genres": ["drama", "ß"],
    },
    {
        "id": "", "n": -1, "total": 0, "share": -1e300, "yes": False,
        "seen_at": datetime(1970, 1, 1), "day": date(2024, 3, 1), "genres": [],
    },
    {**dict.fromkeys(TYPES), "day": date(2024, 3, 1)},
]  # fmt: skip
SELECT = f"select {', '.join(TYPES)} from events"


def written(folder: Path) -> Folder:
    pq.write_table(pa.Table.from_pylist(ROWS, schema=SCHEMA), folder / "rows.parquet")
    return Folder(folder, [folder / "rows.parquet"], TYPES)


SCHEMA = pa.schema(
    [
        ("id", pa.string()), ("n", pa.int32()), ("total", pa.int64()), ("share", pa.float64()), ("yes", pa.bool_()),
        ("seen_at", pa.timestamp("us")), ("day", pa.date32()), ("genres", pa.list_(pa.string())),
    ]
)  # fmt: skip


def by_id(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    return sorted(rows, key=lambda row: str(row["id"]))


def test_every_type_comes_back_as_it_was(engine: Engine, tmp_path: Path) -> None:
    (target := tmp_path / "out").mkdir()
    engine.write(SELECT, {"events": written(tmp_path)}, target)
    files = sorted(target.glob("*.parquet"))
    assert by_id(engine.fetch(SELECT, {"events": Folder(target, files, TYPES)}).to_pylist()) == by_id(ROWS)
    assert by_id(pa.concat_tables(map(pq.read_table, files)).to_pylist()) == by_id(ROWS)


@pytest.mark.parametrize("announced", [None, [date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)]])
def test_days_become_folders_without_the_column(engine: Engine, tmp_path: Path, announced: list[date] | None) -> None:
    (target := tmp_path / "out").mkdir()
    engine.write(SELECT, {"events": written(tmp_path)}, target, partition_by="day", partitions=announced)
    files = sorted(target.rglob("*.parquet"))
    assert {"day=2024-02-29", "day=2024-03-01"} <= {folder.name for folder in target.iterdir()}
    assert all("day" not in pq.ParquetFile(file).schema_arrow.names for file in files)
    folder = Folder(target, files, TYPES, partition_by="day")
    assert by_id(engine.fetch(SELECT, {"events": folder}).to_pylist()) == by_id(ROWS)


def test_a_folder_without_files_is_an_empty_table(engine: Engine, tmp_path: Path) -> None:
    empty = Folder(tmp_path, [], TYPES)
    assert engine.fetch(SELECT, {"events": empty}).num_rows == 0
    (target := tmp_path / "out").mkdir()
    engine.write(SELECT, {"events": empty}, target)
    files = sorted(target.glob("*.parquet"))
    assert engine.fetch(SELECT, {"events": Folder(target, files, TYPES)}).num_rows == 0


def test_files_of_another_width_are_read_in_the_declared_types(engine: Engine, tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": pa.array([1], pa.int64())}), tmp_path / "wide.parquet")
    pq.write_table(pa.table({"n": pa.array([2], pa.int32())}), tmp_path / "narrow.parquet")
    folder = Folder(tmp_path, sorted(tmp_path.glob("*.parquet")), {"n": "bigint"})
    found = engine.fetch("select n from events", {"events": folder})
    assert found.schema.field("n").type == pa.int64()
    assert sorted(found["n"].to_pylist()) == [1, 2]
