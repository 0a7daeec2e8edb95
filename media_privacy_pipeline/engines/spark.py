"""Spark over the same folders, from the same SQL, transpiled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from ..errors import Refused
from ..sql import to_spark
from .executors import Executors
from .failures import told_safely
from .passing import through_batches
from .protocol import Folder, Input, Passing, Scan, Work
from .spark_config import SparkConfig
from .spark_session import errors, session, stop
from .spark_watch import watched
from .spread import DONE, one_by_one, unreachable
from .types import spark_columns, spark_word

__all__ = ["SparkEngine", "spark_type", "stop"]

_SAME_PATHS = (
    "let every worker have the home and the landing zone under the same paths, with leave to use them; run again"
)


class SparkEngine:
    """The engine for many machines; `master` is Spark's URL. One session a process, shared by all engines in it."""

    name: Literal["spark"] = "spark"

    def __init__(
        self, work: Path, *, master: str = "local[2]", memory_limit: str = "3GB", config: SparkConfig | None = None
    ) -> None:
        self._work = work
        self._master = master
        self._memory_limit = memory_limit
        self._config = config or SparkConfig()

    def write(
        self,
        sql: str,
        inputs: Mapping[str, Input],
        target: Path,
        *,
        partition_by: str | None = None,
        partitions: Sequence[date] | None = None,
    ) -> None:
        """See Engine.write."""
        with self._frame(sql, inputs) as frame:
            if partition_by is not None and partitions is not None:
                frame = frame.where(frame[partition_by].isin(list(partitions)))
            self._put(frame, target, partition_by)

    def spread(self, tasks: int, work: Work, schema: pa.Schema, target: Path) -> None:
        """See Engine.spread."""
        if not tasks:
            return
        with self._told({target.name: schema.empty_table()}) as spark:
            done = spark.range(0, tasks, 1, tasks).mapInArrow(one_by_one(work, schema, target), DONE)
            try:
                rows = sum(done.toArrow()["rows"].to_pylist())
            except errors() as error:
                if unreachable(error):
                    raise Refused(f"a worker of Spark cannot reach {target}: {_SAME_PATHS}") from None
                raise
        there = sum(pq.read_metadata(file).num_rows for file in target.glob("*.parquet"))
        if there != rows:
            raise Refused(f"{target}: Spark's workers wrote {rows} rows, and {there} are here: {_SAME_PATHS}")

    def fetch(self, sql: str, inputs: Mapping[str, Input]) -> pa.Table:
        """See Engine.fetch."""
        with self._frame(sql, inputs) as frame:
            return frame.toArrow()

    def batches(self, sql: str, inputs: Mapping[str, Input], rows: int = 1 << 16) -> Iterator[pa.RecordBatch]:
        """See Engine.batches: the executors write the rows, and the files are read here, group by group.

        Spark numbers its files in the order of a sorted query, and a file's rows keep it.
        """
        place = self._work / f"batches-{uuid4().hex[:8]}"
        try:
            with self._frame(sql, inputs) as frame:
                place.mkdir()
                self._put(frame, place)
            for file in sorted(place.glob("*.parquet")):
                with pq.ParquetFile(file) as parquet:
                    yield from parquet.iter_batches(batch_size=rows)
                file.unlink()
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def pass_on(self, sql: str, inputs: Mapping[str, Input], through: Passing, schema: pa.Schema, target: Path) -> None:
        """See Engine.pass_on."""
        with self._frame(sql, inputs) as frame:
            self._put(frame.mapInArrow(through_batches(through, schema), spark_columns(schema)), target)

    @property
    def executors(self) -> Executors:
        """Where Python runs beside the data."""
        return Executors(self._frame, self._told)

    def close(self) -> None:
        """The session stays for the next engine of this process; it ends with the process."""

    @contextmanager
    def _told(self, inputs: Mapping[str, Input]) -> Iterator[Any]:
        """The session, its errors told safely and its executors watched while the block runs."""
        spark = session(self._master, self._work, self._memory_limit, self._config)
        self._work.mkdir(parents=True, exist_ok=True)
        with told_safely("Spark", inputs, self._work, errors()), watched(spark, self._master, self._config.wait):
            yield spark

    @contextmanager
    def _frame(self, sql: str, inputs: Mapping[str, Input]) -> Iterator[Any]:
        scratch: list[Path] = []
        within = [name for source in inputs.values() if isinstance(source, Scan) for name in source.folders]
        with self._told(inputs) as spark:
            try:
                for name, source in inputs.items():
                    if isinstance(source, Folder):
                        frame = _read(spark, source)
                    elif isinstance(source, Scan):
                        for inner, folder in source.folders.items():
                            _read(spark, folder).createOrReplaceTempView(inner)
                        frame = spark.sql(to_spark(source.sql))
                    else:
                        place = self._work / f"{name}-{uuid4().hex[:8]}"
                        place.mkdir()
                        scratch.append(place)
                        pq.write_table(source, place / "part-0.parquet")
                        frame = spark.read.parquet(str(place))
                    frame.createOrReplaceTempView(name)
                yield spark.sql(to_spark(sql))
            finally:
                for place in scratch:
                    shutil.rmtree(place, ignore_errors=True)
                # With a Spark that went away views went too; what is told of that must not give way to what this meets.
                with suppress(OSError, *errors()):
                    for name in (*inputs, *within):
                        spark.catalog.dropTempView(name)

    def _put(self, frame: Any, target: Path, partition_by: str | None = None) -> None:
        """Write a frame's Parquet files into a folder, without what Spark leaves beside them."""
        # Not in the target: a task that a lost machine still runs may write after the job has ended without it.
        out = self._work / f"written-{uuid4().hex[:8]}"
        writer = frame.write.option("compression", "zstd").option("parquet.block.size", _GROUP_BYTES)
        if partition_by is not None:
            writer = writer.partitionBy(partition_by)
        writer.parquet(str(out))
        for file in committed(out):
            place = target / file.parent.relative_to(out)
            place.mkdir(exist_ok=True)
            shutil.move(file, place / file.name)
        shutil.rmtree(out, ignore_errors=True)


def committed(out: Path) -> list[Path]:
    """Parquet files that a whole job left, in order: not those that a late task still writes under `_temporary`."""
    files = sorted(out.rglob("*.parquet"))
    return [file for file in files if not any(part[0] in "._" for part in file.relative_to(out).parts)]


def _read(spark: Any, folder: Folder) -> Any:
    types = {name: spark_type(kind) for name, kind in folder.types.items()}
    alike: dict[pa.Schema, list[str]] = {}
    for file in folder.files:
        alike.setdefault(pq.read_schema(file).remove_metadata(), []).append(str(file))
    frames = [_read_alike(spark, folder, schema, files, types) for schema, files in alike.items()]
    if not frames:
        # Not from an empty list: that starts Python workers, under whatever python3 is on the path.
        return spark.range(0).selectExpr(*(f"cast(null as {kind}) as `{name}`" for name, kind in types.items()))
    return reduce(lambda one, other: one.unionAll(other), frames)


def _read_alike(spark: Any, folder: Folder, schema: pa.Schema, files: list[str], types: Mapping[str, str]) -> Any:
    """Files of one schema in the declared types; a column that they lack is null."""
    reader = spark.read.option("basePath", str(folder.root))
    if all(spark_word(field.type) for field in schema):
        # Without being told the schema, Spark runs a job for each table to find it.
        reader = reader.schema(spark_columns(schema))
    there = {*schema.names, folder.partition_by}
    return reader.parquet(*files).selectExpr(
        *(f"cast({f'`{name}`' if name in there else 'null'} as {kind}) as `{name}`" for name, kind in types.items())
    )


_GROUP_BYTES = 32 << 20
"""Of a row group: what is read group by group, here or by whoever rewrites a file, has one in memory."""


def spark_type(duckdb_type: str) -> str:
    """Spark's word for a DuckDB type; a DuckDB timestamp is naive, hence TIMESTAMP_NTZ."""
    text = exp.DataType.build(duckdb_type, dialect="duckdb").sql(dialect="spark")
    return text.replace("TIMESTAMP_NTZ", "TIMESTAMP").replace("TIMESTAMP", "TIMESTAMP_NTZ")
