"""Executors in this process: what runs on Spark's, without Spark, for figures that do not depend on where they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.engines.protocol import Input


class Here:
    """See engines.executors.Executors; the piece `lost` is done twice, as where a machine is lost."""

    def __init__(self, lost: int | None = None) -> None:
        self.lost = lost
        self.done: list[int] = []

    def cut(
        self, sql: str, inputs: Mapping[str, Input], folder: Path, *, by: str, then: str, pieces: int
    ) -> list[Path]:
        rows = DuckDBEngine(folder).fetch(f"select * from ({sql}) order by {by}, {then}", inputs)
        keys = rows.column(by).to_numpy(zero_copy_only=False)
        # As Spark's ranges: about alike, each value whole.
        edges = sorted({0, len(keys), *np.searchsorted(keys, keys[np.arange(1, pieces) * len(keys) // pieces])})
        files = [folder / f"piece-{n:05d}.parquet" for n in range(len(edges) - 1)]
        for file, first, last in zip(files, edges, edges[1:], strict=False):
            pq.write_table(rows.slice(first, last - first), file)
        return files

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
