"""Python beside the data: numbered pieces of work on Spark's executors, and sums of what they give.

Nothing but the DataFrame API is used, so that the same runs over Spark Connect. What a piece needs to know travels in
the closure of its function, or lies in files that the function reads by path: the home is on storage that all machines
see. A closure never holds a key or a secret: it is in Spark's plan.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import pyarrow as pa

from .protocol import Input, Work
from .spark_session import errors
from .types import spark_columns

Batches: TypeAlias = Iterator[pa.RecordBatch]

ROWS_IN_MEMORY = 16
"""Rows of a partition that reach Python at a time where rows hold large arrays."""
_BATCH = "spark.sql.execution.arrow.maxRecordsPerBatch"
_PIECE = pa.field("piece", pa.int64())
_PIECES: Mapping[str, Input] = {"pieces of work on executors": pa.table({})}
"""What errors name: pieces have files of their own, and no table that the engine was given."""


class Executors:
    """The executors of one session."""

    def __init__(
        self,
        frame: Callable[[str, Mapping[str, Input]], AbstractContextManager[Any]],
        told: Callable[[Mapping[str, Input]], AbstractContextManager[Any]],
    ) -> None:
        self._frame, self._told = frame, told

    def cut(
        self, sql: str, inputs: Mapping[str, Input], folder: Path, *, by: str, then: str, pieces: int
    ) -> list[Path]:
        """Write the rows of a query into at most so many files of a folder; return them in order.

        Each value of the column `by` has all its rows in one file, files come in its order, and rows within them in the
        order of `by` and `then`. No file for no row.
        """
        raw = folder / f"_spark-{uuid4().hex[:8]}"
        with self._frame(sql, inputs) as frame:
            spread = frame.repartitionByRange(pieces, by).sortWithinPartitions(by, then)
            spread.write.option("compression", "zstd").parquet(str(raw))
        files = []
        for number, part in enumerate(sorted(raw.glob("*.parquet"))):
            files.append(folder / f"piece-{number:05d}.parquet")
            part.rename(files[-1])
        shutil.rmtree(raw)
        return files

    def each(self, pieces: Sequence[int], work: Work, schema: pa.Schema) -> pa.Table:
        """Do the work of every piece; return what they gave, which must be small, in the order of pieces.

        Rows get the number of their piece as a column `piece`, the first.
        """
        if not pieces:
            return pa.schema([_PIECE, *schema]).empty_table()
        with self._told(_PIECES) as spark:
            found: pa.Table = _spread(spark, pieces, work, schema).toArrow()
        return found.sort_by("piece")

    def summed(
        self,
        pieces: Sequence[int],
        work: Work,
        schema: pa.Schema,
        finish: Callable[[Batches], Batches],
        finished: pa.Schema,
        *,
        keys: int,
    ) -> pa.Table:
        """Do the work of every piece, bring rows of the same `key` (a column of the schema, from 0 to `keys`) together,
        and give them, key by key and in the order of pieces, to `finish`; return what it gave, in no order.

        The sums of `finish` hence come in one order, whatever machine was when ready.
        """
        with self._told(_PIECES) as spark:
            before = spark.conf.get(_BATCH)
            spark.conf.set(_BATCH, str(ROWS_IN_MEMORY))
            try:
                tasks = max(1, min(keys, int(spark.conf.get("spark.sql.shuffle.partitions"))))
                together = _spread(spark, pieces, work, schema).repartition(tasks, "key")
                ordered = together.sortWithinPartitions("key", "piece")
                found: pa.Table = ordered.mapInArrow(finish, spark_columns(finished)).toArrow()
            finally:
                # With a Spark that went away, what is told is why it went.
                with suppress(OSError, *errors()):
                    spark.conf.set(_BATCH, before)
        return found


def _spread(spark: Any, pieces: Sequence[int], work: Work, schema: pa.Schema) -> Any:
    """A frame of what every piece gives: a partition a piece."""
    numbers, full = list(pieces), pa.schema([_PIECE, *schema])

    def run(batches: Batches) -> Batches:
        for batch in batches:
            for at in batch.column(0).to_pylist():
                for given in work(numbers[at]):
                    piece = pa.array([numbers[at]] * given.num_rows, pa.int64())
                    yield pa.RecordBatch.from_arrays([piece, *given.columns], schema=full)

    return spark.range(0, len(numbers), 1, len(numbers)).mapInArrow(run, spark_columns(full))
