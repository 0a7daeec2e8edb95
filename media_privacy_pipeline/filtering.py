"""A Parquet file without some of its rows: what retention and erasure do to what is stored."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Keep: TypeAlias = Callable[[pa.Table], pa.BooleanArray | pa.ChunkedArray]
"""Says of each row of a piece of a file whether it stays; nulls go."""


class Rewritten(NamedTuple):
    """One file that lost rows: its name under the lake's root, its rows and its sha256, before and after."""

    file: str
    rows_before: int
    rows_after: int
    sha256_before: str
    sha256_after: str


def filter_file(
    file: Path,
    target: Path,
    keep: Keep,
    root: Path,
    *,
    columns: Sequence[str] | None = None,
) -> Rewritten | None:
    """Write the rows of a file that stay, row group by row group; the same file where all do, and then None.

    What is told of the file names it under `root`; `columns` are all that `keep` looks at, every one where none are
    given.
    """
    with pq.ParquetFile(file) as source:
        groups = range(source.num_row_groups)
        looked_at = None if columns is None else list(columns)
        # What stays is kept as bits: of a file that loses rows, keep is asked once all the same.
        stays = [pc.fill_null(keep(source.read_row_group(group, columns=looked_at)), False) for group in groups]
        before = sum(len(each) for each in stays)
        after = sum(pc.sum(each).as_py() or 0 for each in stays)
        if before == after:
            os.link(file, target)
            return None
        with pq.ParquetWriter(target, source.schema_arrow, compression="zstd") as writer:
            for group, rows in zip(groups, stays, strict=True):
                if pc.any(rows).as_py():
                    writer.write_table(source.read_row_group(group).filter(rows))
    return Rewritten(str(file.relative_to(root)), before, after, _sha256(file), _sha256(target))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return file_digest(stream, "sha256").hexdigest()
