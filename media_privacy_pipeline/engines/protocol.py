"""What an engine does, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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


Input: TypeAlias = Folder | pa.Table
"""A stored table, or a small one in memory (a dictionary, parameters by row)."""


class Engine(Protocol):
    """Runs queries written in DuckDB's dialect. Sessions are in UTC; timestamps are naive."""

    @property
    def name(self) -> Literal["duckdb", "spark"]:
        """Which engine this is."""
        ...

    def write(self, sql: str, inputs: Mapping[str, Input], target: Path, *, partition_by: str | None = None) -> None:
        """Run a query and write its rows as Parquet into an existing, empty folder.

        With `partition_by` (a DATE column) into sub-folders `<column>=YYYY-MM-DD`, the column left out of the files.
        """
        ...

    def fetch(self, sql: str, inputs: Mapping[str, Input]) -> pa.Table:
        """Run a query whose result is small and return it."""
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...
