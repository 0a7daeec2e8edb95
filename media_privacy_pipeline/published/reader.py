"""Opening a release: as Arrow, pandas, a DuckDB relation or a Spark frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines.types import arrow_schema
from ..errors import Refused, UsageError
from ..keys import Keyring
from ..sql import Access
from .crypt import decryption, table_key
from .layout import Layout
from .manifest import Manifest, TableEntry, read_manifest

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Release:
    """One release, whole: every table is the one that went out with the others."""

    home: Path
    manifest: Manifest
    keys: Path

    @property
    def release_id(self) -> str:
        """Id of the release."""
        return self.manifest.release_id

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables, restricted ones included."""
        return tuple(sorted(self.manifest.tables))

    def files(self, table: str) -> list[Path]:
        """Parquet files of a table. Raises UsageError for an unknown one, Refused where they were retired."""
        root = Layout(self.home).root
        files = [root / file.path for file in self._entry(table).files]
        if any(not file.exists() for file in files):
            raise Refused(f"{table}: its files of release {self.release_id} were retired; open the current release")
        return files

    def arrow(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """A table in Arrow. Restricted ones need the key file."""
        entry = self._entry(table)
        names = list(columns or (column.name for column in entry.columns))
        schema = arrow_schema({column.name: column.type for column in entry.columns if column.name in names})
        properties = self._decryption(entry)
        parts = [
            pq.ParquetFile(file, decryption_properties=properties).read(columns=names) for file in self.files(table)
        ]
        return pa.concat_tables(parts).select(names) if parts else schema.empty_table()

    def pandas(self, table: str) -> pd.DataFrame:
        """A table as a pandas frame."""
        frame: pd.DataFrame = self.arrow(table).to_pandas()
        return frame

    def duckdb(self, table: str, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """A table as a DuckDB relation; open ones are scanned from their files as the query needs them."""
        import duckdb

        connection = connection or duckdb.connect()
        if self._entry(table).access is Access.restricted:
            return connection.from_arrow(self.arrow(table))
        return connection.read_parquet([str(file) for file in self.files(table)], hive_partitioning=False)

    def spark(self, spark: SparkSession, table: str) -> DataFrame:
        """A table as a Spark frame."""
        if self._entry(table).access is Access.restricted:
            return spark.createDataFrame(self.arrow(table))
        return spark.read.parquet(*map(str, self.files(table)))

    def _entry(self, table: str) -> TableEntry:
        if table in self.manifest.tables:
            return self.manifest.tables[table]
        if table in self.manifest.left_out:
            raise UsageError(f"{table}: release {self.release_id} is without it: {self.manifest.left_out[table]}")
        raise UsageError(f"{table}: no such table; release {self.release_id} has {', '.join(self.tables)}")

    def _decryption(self, entry: TableEntry) -> Any | None:
        if entry.access is not Access.restricted:
            return None
        keyring = Keyring.open(self.keys, create=False)
        return decryption(table_key(keyring, str(entry.purpose)))


def open_release(home: str | Path, release_id: str | None = None, *, keys: str | Path | None = None) -> Release:
    """Open the current release of a home, or the one named.

    `keys` is the key file, HOME.keys where nothing is given; only restricted tables need it. Raises UsageError where
    there is no release yet or none of that id, and Refused for a damaged manifest.
    """
    home = Path(home)
    layout = Layout(home)
    wanted = release_id or layout.current()
    if wanted is None:
        raise UsageError(f"{layout.root}: nothing was published here yet")
    if release_id is not None and release_id not in layout.releases():
        known = ", ".join(layout.releases()) or "none"
        raise UsageError(f"{release_id}: no such release; known are {known}")
    key_file = Path(keys) if keys is not None else home.absolute().with_name(home.absolute().name + ".keys")
    return Release(home, read_manifest(layout.manifest(wanted)), key_file)


def release_ids(home: str | Path) -> list[str]:
    """Ids of the releases of a home, oldest as-of time first."""
    return Layout(Path(home)).releases()
