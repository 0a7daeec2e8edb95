"""Releases in a folder: renames and `os.replace`, flushed to the disk."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..sql import Access
from . import swap
from .layout import Layout
from .manifest import Manifest, read_manifest
from .rows import digest_of
from .shelf import Pointer


@dataclass(frozen=True)
class LocalShelf:
    """See Shelf. The run lock keeps two publishers apart."""

    layout: Layout

    @property
    def where(self) -> str:
        """See Shelf."""
        return str(self.layout.root)

    def check(self) -> None:
        """See Shelf."""

    def pointer(self) -> Pointer:
        """See Shelf."""
        return Pointer(self.layout.current())

    def releases(self) -> list[str]:
        """See Shelf."""
        return self.layout.releases()

    def has(self, release_id: str) -> bool:
        """See Shelf."""
        return self.layout.manifest(release_id).exists()

    def manifest(self, release_id: str) -> Manifest:
        """See Shelf."""
        return read_manifest(self.layout.manifest(release_id))

    def placed_at(self, release_id: str) -> float:
        """See Shelf."""
        return self.layout.manifest(release_id).stat().st_mtime

    def present(self, paths: Collection[str]) -> set[str]:
        """See Shelf."""
        return {path for path in paths if (self.layout.root / path).exists()}

    def fetch(self, path: str) -> Path | None:
        """See Shelf."""
        file = self.layout.root / path
        return file if file.exists() else None

    def fetch_all(self, paths: Iterable[str]) -> None:
        """See Shelf."""

    def read(self, path: str, columns: Sequence[str], properties: Any | None) -> pa.Table:
        """See Shelf."""
        return pq.ParquetFile(self.layout.root / path, decryption_properties=properties).read(columns=list(columns))

    def digest(self, path: str) -> str:
        """See Shelf."""
        return digest_of(self.layout.root / path)

    def place(self, folder: Path, manifest: Manifest) -> None:
        """See Shelf."""
        swap.place(self.layout, manifest)

    def point(self, release_id: str, seen: Pointer) -> None:
        """See Shelf."""
        swap.point(self.layout, release_id)

    def sweep(self) -> None:
        """See Shelf."""
        swap.sweep(self.layout)

    def remove(self, paths: Iterable[str]) -> None:
        """See Shelf."""
        for path in paths:
            (self.layout.root / path).unlink(missing_ok=True)
        for release_id in self.layout.releases():
            for entry in self.manifest(release_id).tables.values():
                for file in entry.files if entry.access is Access.restricted else ():
                    swap.drop_empty((self.layout.root / file.path).parent)
