"""Python beside the data: numbered pieces of work on Spark's executors, and sums of what they give.

Nothing but the DataFrame API is used, so that the same runs over Spark Connect. What a piece needs to know travels in
the closure of its function, or lies in files that the function reads by path: the home is on storage that all machines
see. A closure never holds a key or a secret: it is in Spark's plan.
"""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import pyarrow as pa

from .failures import told_safely
from .protocol import Input
from .spark_session import errors

Work: TypeAlias = Callable[[int], Iterable[pa.RecordBatch]]
"""What is done for a piece of a number, on an executor; it may be done twice, where a machine is lost."""
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
        self, frame: Callable[[str, Mapping[str, Input]], AbstractContextManager[Any]], open_: Any, work: Path
    ) -> None:
        self._frame, self._open, self._work = frame, open_, work

    @property
    def session(self) -> Any:
        """The Spark session."""
        return self._open()

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
        with told_safely("Spark", _PIECES, self._work, errors()):
            found: pa.Table = self._spread(pieces, work, schema).toArrow()
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
        spark = self._open()
        before = spark.conf.get(_BATCH)
        spark.conf.set(_BATCH, str(ROWS_IN_MEMORY))
        try:
            with told_safely("Spark", _PIECES, self._work, errors()):
                tasks = max(1, min(keys, int(spark.conf.get("spark.sql.shuffle.partitions"))))
                together = self._spread(pieces, work, schema).repartition(tasks, "key")
                ordered = together.sortWithinPartitions("key", "piece")
                found: pa.Table = _mapped(ordered, finish, finished).toArrow()
        finally:
            spark.conf.set(_BATCH, before)
        return found

    def _spread(self, pieces: Sequence[int], work: Work, schema: pa.Schema) -> Any:
        """A frame of what every piece gives: a partition a piece."""
        numbers, full = list(pieces), pa.schema([_PIECE, *schema])

        def run(batches: Batches) -> Batches:
            for batch in batches:
                for at in batch.column(0).to_pylist():
                    for given in work(numbers[at]):
                        piece = pa.array([numbers[at]] * given.num_rows, pa.int64())
                        yield pa.RecordBatch.from_arrays([piece, *given.columns], schema=full)

        return _mapped(self._open().range(0, len(numbers), 1, len(numbers)), run, full)


def _mapped(frame: Any, work: Callable[[Batches], Batches], schema: pa.Schema) -> Any:
    """A frame through Python on executors."""
    with warnings.catch_warnings():
        # PySpark 4.3 warns of pandas 3, which Arrow batches have nothing to do with.
        warnings.simplefilter("ignore")
        return frame.mapInArrow(work, _words(schema))


def _words(schema: pa.Schema) -> str:
    """A schema in Spark's words."""
    return ", ".join(f"`{field.name}` {_TYPES[field.type]}" for field in schema)


_TYPES = {
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.string(): "STRING",
    pa.binary(): "BINARY",
}
