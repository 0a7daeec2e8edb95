"""A function of ours over the batches of a query's rows, in whatever process has them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator

import pyarrow as pa

from ..errors import PipelineError
from .protocol import Passing


class PassingFailed(PipelineError):
    """A function that failed, by the kind of its error: Spark logs what is raised, and errors quote values."""


def through_batches(
    through: Passing, schema: pa.Schema
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function as Spark's mapInArrow wants it: batches in, batches of this schema out.

    MEDIA_PRIVACY_DEBUG=1 keeps the function's own error, values included.
    """
    debug = bool(os.environ.get("MEDIA_PRIVACY_DEBUG"))

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            try:
                made = through(batch).select(schema.names).cast(schema)
            except Exception as error:
                if debug:
                    raise
                raise PassingFailed(f"{_name(through)} failed with {type(error).__name__}") from None
            yield made

    return run


def _name(through: Passing) -> str:
    return str(getattr(getattr(through, "func", through), "__name__", "a function"))
