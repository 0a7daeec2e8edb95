"""Executors in this process: what runs on Spark's, without Spark, for figures that do not depend on where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa


class Here:
    """See engines.executors.Executors; `lost` pieces are done twice, as where a machine is lost."""

    def __init__(self, lost: int | None = None) -> None:
        self.lost = lost
        self.done: list[int] = []

    def each(self, pieces: Sequence[int], work: Callable[[int], Any], schema: pa.Schema) -> pa.Table:
        rows = list(self._rows(pieces, work))
        return pa.Table.from_pylist(rows, pa.schema([("piece", pa.int64()), *schema]))

    def summed(
        self,
        pieces: Sequence[int],
        work: Callable[[int], Any],
        schema: pa.Schema,
        finish: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
        finished: pa.Schema,
        *,
        keys: int,
    ) -> pa.Table:
        rows = sorted(self._rows(pieces, work), key=lambda row: (row["key"], row["piece"]))
        full = pa.schema([("piece", pa.int64()), *schema])
        batches = (pa.RecordBatch.from_pylist([row], schema=full) for row in rows)
        return pa.Table.from_batches(finish(batches), finished)

    def _rows(self, pieces: Sequence[int], work: Callable[[int], Any]) -> Iterator[dict[str, Any]]:
        for n in pieces:
            self.done.append(n)
            if n == self.lost:
                list(work(n))
            for batch in work(n):
                yield from ({"piece": n, **row} for row in batch.to_pylist())
