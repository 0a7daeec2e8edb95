"""What a step sets aside for the next query to read: rows in Parquet files of the work space, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .protocol import Folder
from .types import arrow_schema

ROWS_AT_ONCE = 1 << 16
"""Rows that a step works on at a time where it works on them in Python."""


def set_aside(place: Path, types: Mapping[str, str], batches: Iterable[pa.RecordBatch]) -> Folder:
    """Write rows of these columns into a new folder as they come, and give the folder as an engine's input."""
    place.mkdir()
    file = place / "part-0.parquet"
    write_rows(file, arrow_schema(types), batches)
    return Folder(place, [file], types)


def write_rows(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write batches into one Parquet file as they come; how many rows they had."""
    rows = 0
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            rows += batch.num_rows
            writer.write_batch(batch.select(schema.names).cast(schema))
    return rows
