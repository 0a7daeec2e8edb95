"""Work on Spark's executors: a function of ours, run by their Python on a task's number."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pyarrow as pa

from .protocol import Work


class TaskFailed(Exception):
    """Work that failed, by the kind of its error: Spark logs what is raised, and errors quote values."""


def one_by_one(work: Work, schema: pa.Schema) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Work as Spark's mapInArrow wants it: batches of task numbers in, batches of this schema out.

    MEDIA_PRIVACY_DEBUG=1 keeps the error of work as it is, values included.
    """
    debug = bool(os.environ.get("MEDIA_PRIVACY_DEBUG"))

    def run(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for task in batch.column(0).to_pylist():
                try:
                    for rows in work(task):
                        yield rows.select(schema.names).cast(schema)
                except Exception as error:
                    if debug:
                        raise
                    raise TaskFailed(type(error).__name__) from None

    return run
