"""The lake in an object store: the contract of lake.Lake, without folders and renames.

    PREFIX/_lake.json            which home it belongs to
    PREFIX/<table>/_table.json   the table's partitions: of each its meta and the names of its files
    PREFIX/<table>/[<column>=YYYY-MM-DD/]part-*.<unique>.parquet

A table is what its `_table.json` names, and nothing else. Files are uploaded under names that were never used; then one
conditional put of `_table.json` puts all partitions of a write in place at once; then what it no longer names is
deleted. A crash leaves files that nothing names: `sweep` deletes them. Readers are given local copies, see Cache.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import pyarrow.parquet as pq

from ..durable import replace_text
from ..errors import Refused, UsageError
from ..lake import Lake, PartitionMeta
from .bucket import Bucket, Conflict
from .cache import Cache

_TABLE = "_table.json"
_OWNER = "_lake.json"


class _Part(NamedTuple):
    """One partition: its meta, and its files by name under the prefix, with their sizes."""

    rows: int
    fingerprint: str
    rewritten: str
    files: dict[str, int]


@dataclass(frozen=True)
class _Table:
    """What `_table.json` says, by the partition's name ("": a snapshot), and its version."""

    parts: Mapping[str, _Part]
    version: str | None

    def text(self) -> bytes:
        return json.dumps({"partitions": {name: part._asdict() for name, part in self.parts.items()}}).encode()


class UrlLake(Lake):
    """See Lake. `copies` is the folder of local copies, and `home` whose lake it is; `limit` is in bytes."""

    def __init__(self, bucket: Bucket, copies: Path, home: Path, limit: int) -> None:
        super().__init__(copies)
        self._bucket = bucket
        self._home = home
        self._cache = Cache(copies, limit)
        self._known: dict[str, _Table] = {}
        self._mine = False

    def tables(self) -> list[str]:
        """See Lake.tables."""
        return [name for name in self._bucket.folders() if self.has(name)]

    def files(self, table: str, days: Iterable[date] | None = None) -> list[Path]:
        """See Lake.files: local copies, which stay while their paths are held."""
        wanted: dict[str, int] = {}
        for folder in self._folders(table, days):
            part = self._part(folder)
            wanted |= part.files if part is not None else {}
        return self._cache.paths(wanted, self._bucket.download_all)

    def delete(self, table: str, days: Iterable[date] | None = None) -> None:
        """See Lake.delete."""
        if days is None:
            self.drop_unfinished(table)
        found = self._table(table)
        gone = {folder.name for folder in self._folders(table, days)} if days is not None else {*found.parts}
        if gone:
            self._put(table, {name: part for name, part in found.parts.items() if name not in gone})

    def sweep(self) -> None:
        """Delete files that no table names: what crashed writers left behind.

        Raises UsageError for the lake of another home, and Refused for a bucket in which nothing could be erased.
        """
        self._known.clear()
        self._bucket.refuse_versions()
        self._claim()
        tables = [name for name in self._bucket.folders() if not name.startswith("_")]
        named = {name for table in tables for part in self._table(table).parts.values() for name in part.files}
        stored = (item.name for item in self._bucket.items())
        self._bucket.remove(name for name in stored if name.endswith(".parquet") and name not in named)

    def stored(self) -> Iterator[Path]:
        """Every file of every table, one local copy after the other: for whoever looks into all of them."""
        for table in self.tables():
            for part in self._table(table).parts.values():
                for name, size in part.files.items():
                    yield from self._cache.paths({name: size}, self._bucket.download_all)

    @property
    def _unfinished(self) -> Path:
        # HOME/work is emptied by every run, and this is to outlive a crash.
        return self._home / "unfinished"

    def _commit(self, table: str, parts: Mapping[str, tuple[Path, str]]) -> None:
        filled = {name: self._filled(table, name, folder, fingerprint) for name, (folder, fingerprint) in parts.items()}
        old = {} if "" in parts else {name: part for name, part in self._table(table).parts.items() if name}
        self._upload({name: file for _, files in filled.values() for name, file in files.items()})
        self._put(table, {**old, **{name: part for name, (part, _) in filled.items()}})
        self._adopt(file for _, files in filled.values() for file in files.items())

    def _replace(self, folder: Path, staging: Path, fingerprint: str, rewritten: str) -> None:
        table, name = self._names(folder)
        part, files = self._filled(table, name, staging, fingerprint, rewritten)
        self._upload(files)
        self._put(table, {**self._table(table).parts, name: part})
        self._adopt(files.items())

    def _files_in(self, folder: Path) -> list[Path]:
        part = self._part(folder)
        return [] if part is None else self._cache.paths(part.files, self._bucket.download_all)

    def _meta_at(self, folder: Path) -> PartitionMeta | None:
        part = self._part(folder)
        return None if part is None else PartitionMeta(part.rows, part.fingerprint, part.rewritten)

    def _is_snapshot(self, table: str) -> bool:
        return "" in self._table(table).parts

    def _partitions(self, table: str, wanted: Collection[date] | None = None) -> dict[date, Path]:
        names = {date.fromisoformat(name.partition("=")[2]): name for name in self._table(table).parts if name}
        days = names if wanted is None else [day for day in wanted if day in names]
        return {day: self.path(table) / names[day] for day in days}

    def _part(self, folder: Path) -> _Part | None:
        table, name = self._names(folder)
        return self._table(table).parts.get(name)

    def _names(self, folder: Path) -> tuple[str, str]:
        """Table and partition of what would be their folder."""
        table, _, name = folder.relative_to(self.root).as_posix().partition("/")
        return table, name

    def _table(self, table: str) -> _Table:
        """What is known of a table: read once, since this process alone writes under the run lock."""
        if table not in self._known:
            found = self._bucket.read(f"{table}/{_TABLE}")
            parts = {} if found is None else json.loads(found.content)["partitions"]
            version = None if found is None else found.version
            self._known[table] = _Table({name: _Part(**part) for name, part in parts.items()}, version)
        return self._known[table]

    def _filled(
        self, table: str, name: str, folder: Path, fingerprint: str, rewritten: str = ""
    ) -> tuple[_Part, dict[str, Path]]:
        """A filled folder as a partition to be, and its files by the names that they get."""
        place, unique = f"{table}/{name}/" if name else f"{table}/", uuid4().hex[:12]
        files = {
            # Of a file that was rewritten, the part of its name that is its own.
            f"{place}{file.name.partition('.')[0]}.{unique}.parquet": file
            for file in sorted(folder.glob("*.parquet"))
        }
        if len(files) < len(list(folder.glob("*.parquet"))):
            raise ValueError(f"{table}: two files have names that begin alike")
        rows = sum(pq.read_metadata(file).num_rows for file in files.values())
        sizes = {name: file.stat().st_size for name, file in files.items()}
        return _Part(rows, fingerprint, rewritten, sizes), files

    def _upload(self, files: Mapping[str, Path]) -> None:
        if files:
            self._claim()
            self._bucket.upload_all(files)

    def _put(self, table: str, parts: Mapping[str, _Part]) -> None:
        """Let a table be these partitions, and delete the files that it no longer names."""
        before = self._table(table)
        after = _Table(dict(sorted(parts.items())), before.version)
        try:
            version = self._bucket.put(f"{table}/{_TABLE}", after.text(), seen=before.version)
        except Conflict:
            self._known.pop(table, None)
            raise Refused(
                f"{self._bucket.url}/{table}: another process wrote this table meanwhile, and nothing was changed: see "
                f"that one home alone has this lake, and run again"
            ) from None
        self._known[table] = _Table(after.parts, version)
        named = {name for part in after.parts.values() for name in part.files}
        gone = {name for part in before.parts.values() for name in part.files} - named
        self._cache.forget(gone)
        self._bucket.remove(gone)

    def _adopt(self, files: Iterable[tuple[str, Path]]) -> None:
        for name, file in files:
            self._cache.adopt(name, file)

    def _claim(self) -> None:
        """Raises UsageError unless this home has the lake; a new lake is its own from now on.

        Two homes would sweep each other's files, and the keys of one do not open the pseudonyms of the other.
        """
        if self._mine:
            return
        own = self._home / "lake.id"
        if not own.exists():
            replace_text(own, uuid4().hex + "\n")
        told = own.read_text().strip().encode()
        found = self._bucket.read(_OWNER)
        if found is None:
            self._bucket.put(_OWNER, told, seen=None)
        elif found.content != told:
            raise UsageError(
                f"{self._bucket.url}: this is another home's lake: set MEDIA_PRIVACY_LAKE_URL to a prefix of its own"
            )
        self._mine = True
