"""Work on Spark's executors: a function of ours, run by their Python on a task's number."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from .protocol import Work

DONE = "task BIGINT, rows BIGINT"
"""What a task tells, in Spark's words: its number, and how many rows it wrote."""
_DONE = pa.schema({"task": pa.int64(), "rows": pa.int64()})


_UNREACHABLE = re.compile("TaskFailed: (FileNotFoundError|NotADirectoryError|PermissionError)")


class TaskFailed(Exception):
    """Work that failed, by the kind of its error: Spark logs what is raised, and errors quote values."""


def unreachable(error: Exception) -> bool:
    """Whether Spark's error is of a task that has not the folders that the driver has."""
    return _UNREACHABLE.search(str(error)) is not None


def one_by_one(
    work: Work, schema: pa.Schema, target: Path
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Work as Spark's mapInArrow wants it: batches of task numbers in, what the tasks wrote out.

    A task writes its own file, which has its name once it is whole: a task that is done again puts the same file in
    the same place, and rows that Spark's own process need not see cost a fifth of what they cost on the way through it.
    MEDIA_PRIVACY_DEBUG=1 keeps the error of work as it is, values included.
    """
    debug = bool(os.environ.get("MEDIA_PRIVACY_DEBUG"))

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for task in batch.column(0).to_pylist():
                try:
                    rows = _write(work, task, schema, target)
                except Exception as error:
                    if debug:
                        raise
                    raise TaskFailed(type(error).__name__) from None
                yield pa.record_batch([[task], [rows]], schema=_DONE)

    return run


def _write(work: Work, task: int, schema: pa.Schema, target: Path) -> int:
    half, rows = target / f".part-{task:05}-{uuid4().hex[:8]}", 0
    try:
        with pq.ParquetWriter(half, schema, compression="zstd") as writer:
            for batch in work(task):
                writer.write_batch(batch.select(schema.names).cast(schema))
                rows += batch.num_rows
        if rows:
            half.replace(target / f"part-{task:05}.parquet")
    finally:
        half.unlink(missing_ok=True)
    return rows
