"""Releases in an object store: files first, the manifest when all are there, and CURRENT by conditional put.

The layout is that of a folder. A file that is there already is never written over, but by the home that put it there:
two publishers that place the same release at once would otherwise mix their files. Whose it is is noted with each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from ..durable import replace_text
from ..errors import Refused
from ..stores import Bucket, Conflict
from .layout import id_in
from .manifest import Manifest, parsed
from .shelf import Pointer
from .views import view_text

_CURRENT = "CURRENT"
_RELEASES = "_releases/"
_ROOMS = ("open/", "restricted/")
_WHO = "publisher"
_ABANDONED = timedelta(days=1)
"""After how long files without a manifest are nobody's who still writes."""
_STAYS = "the last release stays"


@dataclass(frozen=True)
class UrlShelf:
    """See Shelf. Publishers have a `cache` for what the gate looks into, and a `home` whose releases these are."""

    bucket: Bucket
    cache: Path | None = None
    home: Path | None = None
    _read: dict[str, Manifest] = field(default_factory=dict)

    @classmethod
    def at(cls, url: str, cache: Path | None = None, home: Path | None = None) -> UrlShelf:
        """The shelf at an address. For readers that is all; publishers have a home and a cache in it."""
        return cls(Bucket(url, _STAYS if home is not None else ""), cache, home)

    @property
    def where(self) -> str:
        """See Shelf."""
        return self.bucket.url

    def check(self) -> None:
        """See Shelf: a bucket that keeps versions would keep retired and erased rows."""
        self.bucket.refuse_versions()

    def pointer(self) -> Pointer:
        """See Shelf."""
        found = self.bucket.read(_CURRENT)
        if found is None:
            return Pointer(None)
        return Pointer(id_in(found.content.decode(errors="replace")), found.version)

    def releases(self) -> list[str]:
        """See Shelf."""
        names = (item.name.removeprefix(_RELEASES) for item in self.bucket.items(_RELEASES))
        return sorted(filter(None, (id_in(name.removesuffix(".json")) for name in names if name.endswith(".json"))))

    def has(self, release_id: str) -> bool:
        """See Shelf."""
        return self.bucket.about(_manifest(release_id)) is not None

    def manifest(self, release_id: str) -> Manifest:
        """See Shelf. A manifest never changes: each is read once."""
        if release_id not in self._read:
            found = self.bucket.read(_manifest(release_id))
            where = f"{self.bucket.url}/{_manifest(release_id)}"
            if found is None:
                raise Refused(f"{where}: there is no such manifest")
            self._read[release_id] = parsed(found.content, where)
        return self._read[release_id]

    def placed_at(self, release_id: str) -> float:
        """See Shelf."""
        return next((item.modified.timestamp() for item in self.bucket.items(_manifest(release_id))), 0.0)

    def present(self, paths: Collection[str]) -> set[str]:
        """See Shelf. A table's files are listed together."""
        tables = {"/".join(path.split("/")[:2]) + "/" for path in paths}
        there = {item.name for table in sorted(tables) for item in self.bucket.items(table)}
        return there & set(paths)

    def fetch(self, path: str) -> Path | None:
        """See Shelf. The copy lies in HOME/work, which every run empties."""
        copy = self._copy(path)
        if not copy.exists() and not self.bucket.download(path, copy):
            return None
        return copy

    def fetch_all(self, paths: Iterable[str]) -> None:
        """See Shelf."""
        wanted = {path: self._copy(path) for path in paths}
        missing = {path: copy for path, copy in wanted.items() if not copy.exists()}
        self.bucket.download_all(missing, missing_ok=True)

    def read(self, path: str, columns: Sequence[str], properties: Any | None) -> pa.Table:
        """See Shelf."""
        with self.bucket.reading(path) as source:
            return pq.ParquetFile(source, decryption_properties=properties).read(columns=list(columns))

    def digest(self, path: str) -> str:
        """See Shelf."""
        found = sha256()
        with self.bucket.reading(path) as source:
            while block := source.read(1 << 20):
                found.update(block)
        return found.hexdigest()

    def dataset(self, paths: Collection[str], schema: Any) -> Any:
        """Files of one table as pyarrow's dataset, which reads the columns and row groups that it is asked for."""
        return self.bucket.dataset(paths, schema)

    def stored(self) -> Iterator[tuple[str, Path]]:
        """Every object, whatever it is, as a local copy: for whoever looks into all of them."""
        for item in list(self.bucket.items()):
            copy = self.fetch(item.name)
            if copy is not None:
                yield item.name, copy
                copy.unlink()

    def place(self, folder: Path, manifest: Manifest) -> None:
        """See Shelf. Raises Refused where another publisher is placing, or has placed, another release of its id."""
        for staged in sorted(folder.glob(f"*/*/{manifest.release_id}/*")):
            name = staged.relative_to(folder).as_posix()
            try:
                self.bucket.upload(staged, name, about={_WHO: self._publisher}, over=False)
            except Conflict:
                if (self.bucket.about(name) or {}).get(_WHO) != self._publisher:
                    raise Refused(
                        f"{self.where}/{name}: another home put it there and has not finished; {_STAYS}: run again "
                        f"when it has, or a day after it was given up"
                    ) from None
                # What this home left when it was killed: it runs once at a time.
                self.bucket.upload(staged, name, about={_WHO: self._publisher})
        self.bucket.write(f"{_RELEASES}{manifest.release_id}.sql", view_text(manifest, self.where).encode())
        self.bucket.put(_manifest(manifest.release_id), manifest.text().encode(), seen=None)

    def point(self, release_id: str, seen: Pointer) -> None:
        """See Shelf. The store compares and swaps: of two publishers that saw the same pointer, one is refused."""
        try:
            self.bucket.put(_CURRENT, f"{release_id}\n".encode(), seen=seen.version)
        except Conflict:
            now = self.pointer().release_id
            raise Refused(
                f"release {release_id} was to follow {seen.release_id or 'nothing'}, and {now} was published in the "
                f"meantime; it stays: run the night again"
            ) from None

    def sweep(self) -> None:
        """See Shelf. What another home put here goes when it has lain for a day: until then it may be writing."""
        known, now = set(self.releases()), datetime.now(UTC)
        items = (item for room in _ROOMS for item in self.bucket.items(room))
        orphans = [item for item in items if _release_of(item.name) not in known]
        self.bucket.remove(
            item.name
            for item in orphans
            if now - item.modified > _ABANDONED or (self.bucket.about(item.name) or {}).get(_WHO) == self._publisher
        )

    def remove(self, paths: Iterable[str]) -> None:
        """See Shelf."""
        gone = list(paths)
        self.bucket.remove(gone)
        if self.cache is not None:
            for path in gone:
                (self.cache / path).unlink(missing_ok=True)

    def _copy(self, path: str) -> Path:
        if self.cache is None:
            raise ValueError("only a publisher has a place for copies")
        return self.cache / path

    @cached_property
    def _publisher(self) -> str:
        """A name of this home that says nothing about it."""
        if self.home is None:
            raise ValueError("only a home publishes")
        path = self.home / "publisher"
        if not path.exists():
            replace_text(path, uuid4().hex + "\n")
        return path.read_text().strip()


def _manifest(release_id: str) -> str:
    return f"{_RELEASES}{release_id}.json"


def _release_of(name: str) -> str:
    parts = name.split("/")
    return parts[2] if len(parts) > 3 else ""
