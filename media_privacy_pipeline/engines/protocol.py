"""What an engine does, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

import pyarrow as pa


@dataclass(frozen=True)
class Folder:
    """Stored Parquet files as an input: their files, the columns to see (name → DuckDB type), and the day column
    that is in the folders' names and not in the files, if any. No files: an empty table of these columns."""

    root: Path
    files: Sequence[Path]
    types: Mapping[str, str]
    partition_by: str | None = None


@dataclass(frozen=True)
class Scan:
    """A query as an input: over the folders that it names, and on DuckDB alone over files that its text reads."""

    sql: str
    folders: Mapping[str, Folder] = field(default_factory=dict)


Input: TypeAlias = Folder | Scan | pa.Table
"""A stored table, a query, or a small table in memory (a dictionary, parameters by row)."""

Work: TypeAlias = Callable[[int], Iterable[pa.RecordBatch]]
"""What is to be done for a task of a number, and the rows that come of it. It travels to other machines: it is a
function of a module, or a partial one, and what it is given is small and no secret."""

Passing: TypeAlias = Callable[[pa.RecordBatch], pa.RecordBatch]
"""Rows made from rows. It travels to other machines: it is a function of a module, or a partial one, and what it is
given beside the rows is small and no secret."""


class Reader(Protocol):
    """Answers queries written in DuckDB's dialect. Sessions are in UTC; timestamps are naive."""

    @property
    def name(self) -> Literal["duckdb", "spark"]:
        """Which engine this is."""
        ...

    def fetch(self, sql: str, inputs: Mapping[str, Input]) -> pa.Table:
        """Run a query whose result is small and return it."""
        ...


class Engine(Reader, Protocol):
    """A reader that also writes, and holds something that is to be given back."""

    def write(
        self,
        sql: str,
        inputs: Mapping[str, Input],
        target: Path,
        *,
        partition_by: str | None = None,
        partitions: Sequence[date] | None = None,
    ) -> None:
        """Run a query and write its rows as Parquet into an existing, empty folder.

        With `partition_by` (a DATE column) into sub-folders `<column>=YYYY-MM-DD`, the column left out of the files.
        `partitions` names the days beforehand, where they are known: other rows are then not written, and DuckDB
        writes day by day, which takes half the time and a tenth of the memory of splitting the rows as they come.
        """
        ...

    def spread(self, tasks: int, work: Work, schema: pa.Schema, target: Path) -> None:
        """Do work once for each number below `tasks`, and write all rows as Parquet into an existing, empty folder.

        On Spark each is a task of its own on some executor, and one that fails is done again: it may not do more than
        read files and tell. An error of it is told by its kind alone.
        """
        ...

    def batches(self, sql: str, inputs: Mapping[str, Input], rows: int = 1 << 16) -> Iterator[pa.RecordBatch]:
        """Run a query and hand on its rows in its order, so many at a time at most.

        For what has to be done one after the other, here, of a result that is not small: no more of it than a few
        batches is in memory.
        """
        ...

    def pass_on(self, sql: str, inputs: Mapping[str, Input], through: Passing, schema: pa.Schema, target: Path) -> None:
        """Pass the rows of a query through a function, batch by batch, and write what it makes of them, rows of this
        schema, as Parquet into an existing, empty folder.

        On Spark the executors do it, each with its part, and again where one is lost. An error of the function is told
        by its kind alone.
        """
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...
