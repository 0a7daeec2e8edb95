"""Arrays in Parquet files, whole or not there: what a sweep leaves for the next one, and histories by viewer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..interactions import Floats, Interactions, Strings


def write_matrix(file: Path, matrix: Floats) -> None:
    """Write a matrix of two axes, row by row; the file has its name once it is whole."""
    values = pa.array(np.ascontiguousarray(matrix).reshape(-1))
    _put(file, pa.table({"row": pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])}))


def read_matrix(file: Path) -> Floats:
    """The matrix that a file holds, to the bit."""
    rows = pq.ParquetFile(file).read().column("row").combine_chunks()
    return np.asarray(rows.flatten().to_numpy()).reshape(len(rows), rows.type.list_size)


def write_pairs(file: Path, pairs: Interactions, beside: Mapping[str, pa.Array]) -> None:
    """Write interactions, a row a viewer, with columns beside; nothing in the file names a viewer."""
    offsets = pa.array(pairs.starts.astype(np.int32))
    columns = {
        "columns": pa.ListArray.from_arrays(offsets, pa.array(pairs.columns.astype(np.int32))),
        "weights": pa.ListArray.from_arrays(offsets, pa.array(pairs.weights.astype(np.float32))),
    }
    if pairs.ages is not None:
        columns["ages"] = pa.ListArray.from_arrays(offsets, pa.array(pairs.ages.astype(np.float32)))
    _put(file, pa.table({**columns, **beside}))


def read_pairs(file: Path, titles: Strings) -> tuple[Interactions, pa.Table]:
    """Interactions over the titles that they were written with, without names of viewers, and all columns."""
    table = pq.ParquetFile(file).read()
    lists = {name: table.column(name).combine_chunks() for name in ("columns", "weights")}
    ages = table.column("ages").combine_chunks().flatten().to_numpy() if "ages" in table.column_names else None
    starts = np.concatenate([[0], np.cumsum(np.asarray(lists["columns"].value_lengths()))]).astype(np.int64)
    columns, weights = (np.asarray(each.flatten()) for each in lists.values())
    return Interactions(pa.nulls(table.num_rows, pa.string()), titles, starts, columns, weights, ages), table


def named(pairs: Interactions) -> Interactions:
    """The same with viewers named by their number, in their order."""
    names = pc.utf8_lpad(pa.array(np.arange(len(pairs))).cast(pa.string()), 20, "0")
    return replace(pairs, viewers=names)


def joined(parts: Sequence[Interactions], titles: Strings) -> Interactions:
    """Viewers of some interactions over the same titles, one after the other."""
    lengths = np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in parts)])
    ages = [part.ages for part in parts if part.ages is not None]
    return Interactions(
        pa.concat_arrays([pa.array([], pa.string()), *(part.viewers for part in parts)]),
        titles,
        np.concatenate([[0], np.cumsum(lengths)]),
        np.concatenate([np.zeros(0, np.int32), *(part.columns for part in parts)]),
        np.concatenate([np.zeros(0, np.float32), *(part.weights for part in parts)]),
        np.concatenate(ages) if ages and len(ages) == len(parts) else None,
    )


def _put(file: Path, table: pa.Table) -> None:
    # A piece that is done twice, where a machine was lost, may be done at the same time.
    unfinished = file.with_name(f".{file.name}-{np.random.default_rng().integers(1 << 62):x}")
    pq.write_table(table, unfinished, compression="zstd")
    unfinished.rename(file)
