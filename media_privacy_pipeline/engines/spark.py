"""Spark over the same folders, from the same SQL, transpiled."""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from ..sql import to_spark
from .jre import java_home
from .protocol import Folder, Input


class SparkEngine:
    """The engine for many machines; `master` is Spark's URL. One session a process, shared by all engines in it."""

    name: Literal["spark"] = "spark"

    def __init__(self, work: Path, *, master: str = "local[2]") -> None:
        self._work = work
        self._master = master

    def write(self, sql: str, inputs: Mapping[str, Input], target: Path, *, partition_by: str | None = None) -> None:
        """See Engine.write."""
        with self._frame(sql, inputs) as frame:
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

    def close(self) -> None:
        """The session stays for the next engine of this process; it ends with the process."""

    @contextmanager
    def _frame(self, sql: str, inputs: Mapping[str, Input]) -> Iterator[Any]:
        spark = _session(self._master, self._work)
        scratch: list[Path] = []
        try:
            for name, source in inputs.items():
                if not isinstance(source, Folder):
                    file = self._work / f"{name}-{uuid4().hex[:8]}.parquet"
                    scratch.append(file)
                    pq.write_table(source, file)
                    frame = spark.read.parquet(str(file))
                else:
                    frame = _read(spark, source)
                frame.createOrReplaceTempView(name)
            yield spark.sql(to_spark(sql))
        finally:
            for file in scratch:
                file.unlink(missing_ok=True)
            for name in inputs:
                spark.catalog.dropTempView(name)


def _read(spark: Any, folder: Folder) -> Any:
    types = {name: spark_type(kind) for name, kind in folder.types.items()}
    schema = ", ".join(f"`{name}` {kind}" for name, kind in types.items())
    if not folder.files:
        return spark.createDataFrame([], schema)
    reader = spark.read.option("basePath", str(folder.root))
    return reader.parquet(*map(str, folder.files)).selectExpr(
        *(f"cast(`{name}` as {kind}) as `{name}`" for name, kind in types.items())
    )


def spark_type(duckdb_type: str) -> str:
    """Spark's word for a DuckDB type; a DuckDB timestamp is naive, hence TIMESTAMP_NTZ."""
    text = exp.DataType.build(duckdb_type, dialect="duckdb").sql(dialect="spark")
    return text.replace("TIMESTAMP_NTZ", "TIMESTAMP").replace("TIMESTAMP", "TIMESTAMP_NTZ")


def _session(master: str, work: Path) -> Any:
    os.environ.setdefault("JAVA_HOME", str(java_home()))
    work.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # PySpark 4.3 warns of pandas 3 when it is imported; Arrow, and not pandas, carries our data.
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        session = (
            SparkSession.builder.master(master)
            .appName("media_privacy_pipeline")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
            .config("spark.sql.ansi.enabled", "true")
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.memory", "3g")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.local.dir", str(work))
            .config("spark.sql.warehouse.dir", str(work / "warehouse"))
            .getOrCreate()
        )
    session.sparkContext.setLogLevel("ERROR")
    return session
