"""Spark over the same folders, from the same SQL, transpiled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from ..sql import to_spark
from .duckdb import DuckDBEngine
from .executors import Executors
from .failures import told_safely
from .protocol import Folder, Input, Scan
from .spark_session import errors, session, stop

__all__ = ["SparkEngine", "spark_type", "stop"]


class SparkEngine:
    """The engine for many machines; `master` is Spark's URL. One session a process, shared by all engines in it."""

    name: Literal["spark"] = "spark"

    def __init__(self, work: Path, *, master: str = "local[2]", memory_limit: str = "3GB") -> None:
        self._work = work
        self._master = master
        self._memory_limit = memory_limit

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
            out = target / f"_spark-{uuid4().hex[:8]}"
            writer = frame.write.option("compression", "zstd")
            if partition_by is not None:
                writer = writer.partitionBy(partition_by)
            writer.parquet(str(out))
        for file in sorted(out.rglob("*.parquet")):
            place = target / file.parent.relative_to(out)
            place.mkdir(exist_ok=True)
            file.rename(place / file.name)
        shutil.rmtree(out)

    def fetch(self, sql: str, inputs: Mapping[str, Input]) -> pa.Table:
        """See Engine.fetch."""
        with self._frame(sql, inputs) as frame:
            return frame.toArrow()

    @property
    def executors(self) -> Executors:
        """Where Python runs beside the data."""
        return Executors(self._frame, lambda: session(self._master, self._work, self._memory_limit), self._work)

    def close(self) -> None:
        """The session stays for the next engine of this process; it ends with the process."""

    @contextmanager
    def _frame(self, sql: str, inputs: Mapping[str, Input]) -> Iterator[Any]:
        spark = session(self._master, self._work, self._memory_limit)
        self._work.mkdir(parents=True, exist_ok=True)
        scratch: list[Path] = []
        try:
            with told_safely("Spark", inputs, self._work, errors()):
                for name, source in inputs.items():
                    if isinstance(source, Folder):
                        frame = _read(spark, source)
                    else:
                        place = self._work / f"{name}-{uuid4().hex[:8]}"
                        place.mkdir()
                        scratch.append(place)
                        if isinstance(source, Scan):
                            DuckDBEngine(self._work, memory_limit=self._memory_limit).write(source.sql, {}, place)
                        else:
                            pq.write_table(source, place / "part-0.parquet")
                        frame = spark.read.parquet(str(place))
                    frame.createOrReplaceTempView(name)
                yield spark.sql(to_spark(sql))
        finally:
            for place in scratch:
                shutil.rmtree(place, ignore_errors=True)
            for name in inputs:
                spark.catalog.dropTempView(name)


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
    if all(field.type in _WORDS for field in schema):
        # Without being told the schema, Spark runs a job for each table to find it.
        reader = reader.schema(", ".join(f"`{field.name}` {_WORDS[field.type]}" for field in schema))
    there = {*schema.names, folder.partition_by}
    return reader.parquet(*files).selectExpr(
        *(f"cast({f'`{name}`' if name in there else 'null'} as {kind}) as `{name}`" for name, kind in types.items())
    )


_WORDS = {
    pa.string(): "STRING",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP_NTZ",
}


def spark_type(duckdb_type: str) -> str:
    """Spark's word for a DuckDB type; a DuckDB timestamp is naive, hence TIMESTAMP_NTZ."""
    text = exp.DataType.build(duckdb_type, dialect="duckdb").sql(dialect="spark")
    return text.replace("TIMESTAMP_NTZ", "TIMESTAMP").replace("TIMESTAMP", "TIMESTAMP_NTZ")
