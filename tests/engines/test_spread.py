"""Work is done once for each task, wherever, and what fails in it is told without a value."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.errors import PipelineError, Refused

SCHEMA = pa.schema({"task": pa.int64(), "words": pa.list_(pa.string())})


def test_every_task_writes_its_rows(engine: Engine, tmp_path: Path) -> None:
    schema, place = SCHEMA, tmp_path / "rows"
    place.mkdir()

    def work(task: int) -> Iterable[pa.RecordBatch]:
        if task != 1:
            yield pa.record_batch([[task] * task, [["a", None]] * task], schema=schema)

    engine.spread(4, work, schema, place)
    rows = [row for file in place.iterdir() for row in pq.read_table(file, schema=schema).to_pylist()]
    assert sorted(row["task"] for row in rows) == [2, 2, 3, 3, 3]
    assert {tuple(row["words"]) for row in rows} == {("a", None)}


def test_no_task_is_no_work(engine: Engine, tmp_path: Path) -> None:
    engine.spread(0, lambda _: [], SCHEMA, tmp_path)
    assert sum(pq.read_metadata(file).num_rows for file in tmp_path.glob("*.parquet")) == 0


@pytest.mark.spark
def test_an_error_is_told_by_its_kind_alone(
    spark_engine: Engine, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def work(_: int) -> Iterable[pa.RecordBatch]:
        raise ValueError("anna@example.org")

    with pytest.raises(PipelineError, match="Spark failed on") as caught:
        spark_engine.spread(1, work, SCHEMA, tmp_path)
    assert "anna" not in f"{caught.value!r}{caught.value.__cause__!r}{capfd.readouterr()}"
    assert not list(tmp_path.iterdir())


@pytest.mark.spark
def test_a_worker_that_has_not_the_folder_is_told(spark_engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"a worker of Spark cannot reach .*under the same paths"):
        spark_engine.spread(1, lambda _: [], SCHEMA, tmp_path / "elsewhere")
