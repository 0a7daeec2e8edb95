"""What is not small comes in batches, in order, and is never whole in memory; and passes through Python where it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines import Engine, Folder, Passing
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.engines.scratch import write_rows
from media_privacy_pipeline.errors import PipelineError

ROWS, AT_ONCE = 5_000, 300
MANY = "select n, 'é' || cast(n % 7 as varchar) as word from numbers order by word, n desc"
LENGTHS = pa.schema([("n", pa.int64()), ("length", pa.int32())])


@pytest.fixture
def numbers(tmp_path: Path) -> Folder:
    files = [tmp_path / f"{part}.parquet" for part in range(4)]
    for part, file in enumerate(files):
        pq.write_table(pa.table({"n": range(part, ROWS, 4)}), file, row_group_size=500)
    return Folder(tmp_path, files, {"n": "bigint"})


# Made inside a function they travel to executors whole: this module is not there to be imported.
def lengths() -> Passing:
    def measured(batch: pa.RecordBatch, *, of: str) -> pa.RecordBatch:
        return pa.record_batch([pc.utf8_length(batch[of]), batch["n"]], names=["length", "n"])

    return partial(measured, of="word")


def broken() -> Passing:
    def failing(batch: pa.RecordBatch) -> pa.RecordBatch:
        raise ValueError(f"cannot do {batch['n'][0]}")

    return failing


def test_batches_come_in_the_order_of_the_query(engine: Engine, numbers: Folder) -> None:
    found = list(engine.batches(MANY, {"numbers": numbers}, AT_ONCE))
    assert max(batch.num_rows for batch in found) <= AT_ONCE < ROWS / 10
    expected = sorted((f"é{n % 7}", -n) for n in range(ROWS))
    got = [(row["word"], -row["n"]) for batch in found for row in batch.to_pylist()]
    assert got == expected


def test_who_stops_early_leaves_an_engine_that_works_and_nothing_behind(
    engine: Engine, numbers: Folder, tmp_path: Path
) -> None:
    with closing(engine.batches(MANY, {"numbers": numbers}, AT_ONCE)) as batches:  # type: ignore[type-var]
        next(batches)
        assert engine.fetch("select 1 as one", {}).num_rows == 1
    assert sum(b.num_rows for b in engine.batches("select n from numbers", {"numbers": numbers})) == ROWS
    work = engine._work  # type: ignore[attr-defined]
    assert not list(work.glob("batches-*"))


def test_rows_pass_through_a_function_where_they_are(engine: Engine, numbers: Folder, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    engine.pass_on(f"select * from ({MANY}) as m", {"numbers": numbers}, lengths(), LENGTHS, target)
    found = pa.concat_tables([pq.read_table(file) for file in sorted(target.glob("*.parquet"))])
    assert found.schema.remove_metadata().equals(LENGTHS)
    assert sorted(found["n"].to_pylist()) == list(range(ROWS))
    assert found["length"].unique().to_pylist() == [2]


def test_what_a_function_says_of_a_value_is_not_told(engine: Engine, numbers: Folder, tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    with pytest.raises(PipelineError) as told:
        engine.pass_on("select n from numbers where n >= 4321", {"numbers": numbers}, broken(), LENGTHS, target)
    assert "cannot do" not in str(told.value)
    assert "4321" not in str(told.value)


def test_rows_are_written_as_they_come(tmp_path: Path) -> None:
    """Never more than one batch is waiting: the next is made when the one before is in the file."""
    file, sizes = tmp_path / "rows.parquet", []

    def batches() -> Iterator[pa.RecordBatch]:
        for n in range(20):
            sizes.append(file.stat().st_size)
            yield pa.record_batch({"n": pa.array(range(n * 1000, n * 1000 + 1000), pa.int64())})

    assert write_rows(file, pa.schema([("n", pa.int64())]), batches()) == 20_000
    assert sizes == sorted(set(sizes))


def test_a_sorted_million_rows_do_not_fill_the_memory(tmp_path: Path) -> None:
    """Arrow's own count of what it holds while batches go by, against what the whole result takes."""
    engine = DuckDBEngine(tmp_path / "work", memory_limit="1GB")
    sql = "select range as n, md5(cast(range as varchar)) as word from range(1000000)"
    held, whole = 0, 0
    for batch in engine.batches(sql, {}, 10_000):
        held, whole = max(held, pa.total_allocated_bytes()), whole + batch.nbytes
    assert held < whole / 4
