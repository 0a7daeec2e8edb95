"""Opening a release: as Arrow, pandas, a DuckDB relation or a Spark frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ..engines.types import arrow_schema
from ..errors import Refused, UsageError
from ..keys import Keyring
from ..settings import Settings
from ..sql import Access
from ..stores import is_url
from .crypt import decryption, table_key
from .layout import Layout
from .local_shelf import LocalShelf
from .manifest import Manifest, TableEntry
from .shelf import Shelf, shelf_of
from .url_shelf import UrlShelf

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    from pyspark.sql import DataFrame, SparkSession


@dataclass(frozen=True)
class Release:
    """One release, whole: every table is the one that went out with the others."""

    shelf: Shelf
    manifest: Manifest
    keys: Path | None

    @property
    def release_id(self) -> str:
        """Id of the release."""
        return self.manifest.release_id

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of its tables, restricted ones included."""
        return tuple(sorted(self.manifest.tables))

    @property
    def home(self) -> Path:
        """The home that it was opened in. Raises UsageError where it stands in an object store."""
        if not isinstance(self.shelf, LocalShelf):
            raise UsageError(f"{self.shelf.where}: this release is in no home")
        return self.shelf.layout.home

    def files(self, table: str) -> list[Path]:
        """Parquet files of a table on this machine. Raises UsageError for an unknown table and for a release in an
        object store (`urls` names those), Refused where they were retired."""
        names = self._there(table)
        if not isinstance(self.shelf, LocalShelf):
            raise UsageError(f"{self.shelf.where}: its files are not on this machine; `urls` names them")
        return [self.shelf.layout.root / name for name in names]

    def urls(self, table: str) -> list[str]:
        """Parquet files of a table as addresses, local paths among them: for engines that read them themselves."""
        return [f"{self.shelf.where}/{name}" for name in self._there(table)]

    def is_whole(self, table: str) -> bool:
        """Whether all files of a table are still there. Raises UsageError for an unknown table."""
        names = [file.path for file in self._entry(table).files]
        return len(self.shelf.present(names)) == len(set(names))

    def arrow(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """A table in Arrow. Restricted ones need the key file."""
        entry = self._entry(table)
        names = list(columns or (column.name for column in entry.columns))
        schema = arrow_schema({column.name: column.type for column in entry.columns if column.name in names})
        properties = self._decryption(entry)
        parts = [self.shelf.read(each, names, properties) for each in self._there(table)]
        return pa.concat_tables(parts).select(names) if parts else schema.empty_table()

    def changed(self, table: str) -> list[str]:
        """The files of a table that are not what was released. Raises Refused where they were retired."""
        self._there(table)
        return [file.path for file in self._entry(table).files if self.shelf.digest(file.path) != file.sha256]

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
        if isinstance(self.shelf, UrlShelf):
            # DuckDB asks pyarrow for the columns and the rows that a query needs, while it runs.
            return connection.from_arrow(self.shelf.dataset(self._there(table), self.schema(table)))
        return connection.read_parquet([str(file) for file in self.files(table)], hive_partitioning=False)

    def spark(self, spark: SparkSession, table: str) -> DataFrame:
        """A table as a Spark frame."""
        if self._entry(table).access is Access.restricted:
            return spark.createDataFrame(self.arrow(table))
        if isinstance(self.shelf, UrlShelf):
            from .on_executors import frame

            return frame(spark, self.shelf.bucket, self._there(table), self.schema(table))
        return spark.read.parquet(*map(str, self.files(table)))

    def _there(self, table: str) -> list[str]:
        names = [file.path for file in self._entry(table).files]
        if not self.is_whole(table):
            raise Refused(f"{table}: its files of release {self.release_id} were retired; open the current release")
        return names

    def schema(self, table: str) -> pa.Schema:
        """A table's columns in Arrow. Raises UsageError for an unknown table."""
        return arrow_schema({column.name: column.type for column in self._entry(table).columns})

    def _entry(self, table: str) -> TableEntry:
        if table in self.manifest.tables:
            return self.manifest.tables[table]
        if table in self.manifest.left_out:
            raise UsageError(f"{table}: release {self.release_id} is without it: {self.manifest.left_out[table]}")
        raise UsageError(f"{table}: no such table; release {self.release_id} has {', '.join(self.tables)}")

    def _decryption(self, entry: TableEntry) -> Any | None:
        if entry.access is not Access.restricted:
            return None
        if self.keys is None:
            raise UsageError(f"{self.shelf.where}: restricted tables want the key file: open_release(..., keys=...)")
        keyring = Keyring.open(self.keys, create=False)
        return decryption(table_key(keyring, str(entry.purpose)))


def open_release(place: str | Path, release_id: str | None = None, *, keys: str | Path | None = None) -> Release:
    """Open the current release of a place, or the one named: a home, a folder of releases, or s3://bucket/prefix.

    `keys` is the key file, HOME.keys where nothing is given; only restricted tables need it. Raises UsageError where
    there is no release yet or none of that id, and Refused for a damaged manifest or a store that fails.
    """
    return _opened(_shelf(place), release_id, _keys_of(place) if keys is None else Path(keys))


def opened(settings: Settings, release_id: str | None = None) -> Release:
    """`open_release` of where the settings say that releases stand, with the home's key file."""
    return _opened(shelf_of(settings), release_id, settings.key_file)


def release_ids(place: str | Path) -> list[str]:
    """Ids of the releases of a place, oldest as-of time first."""
    return _shelf(place).releases()


def _opened(shelf: Shelf, release_id: str | None, keys: Path | None) -> Release:
    wanted = release_id or shelf.pointer().release_id
    if wanted is None:
        raise UsageError(f"{shelf.where}: nothing was published here yet")
    if release_id is not None and release_id not in shelf.releases():
        known = ", ".join(shelf.releases()) or "none"
        raise UsageError(f"{release_id}: no such release; known are {known}")
    return Release(shelf, shelf.manifest(wanted), keys)


def _shelf(place: str | Path) -> Shelf:
    if is_url(place):
        return UrlShelf.at(str(place))
    home = Path(place)
    bare = (home / "_releases").is_dir() and not (home / "published").exists()
    return LocalShelf(Layout(home, home if bare else None))


def _keys_of(place: str | Path) -> Path | None:
    """HOME.keys; releases in an object store are in no home."""
    if is_url(place):
        return None
    home = Path(place).absolute()
    return home.with_name(home.name + ".keys")
