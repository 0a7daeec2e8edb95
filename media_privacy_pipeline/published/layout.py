"""Where releases and candidates are.

    HOME/published/CURRENT                             the release id that readers use
    HOME/published/_releases/<release_id>.json, .sql   the manifest, and DuckDB views of the open tables
    HOME/published/open/<table>/<release_id>/part-*.parquet
    HOME/published/restricted/<table>/<release_id>/part-*.parquet
    HOME/candidates/LATEST, <release_id>/manifest.json, open/..., restricted/...

A candidate lies outside `published`, so that nobody who may read releases can read what no gate has seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Layout:
    """The places of one home; `published` is where its releases stand, if not in the home."""

    home: Path
    published: Path | None = None

    @property
    def root(self) -> Path:
        """What readers are given; paths in manifests are relative to it."""
        return self.published or self.home / "published"

    @property
    def candidates(self) -> Path:
        """What awaits the gate, or was refused by it."""
        return self.home / "candidates"

    def manifest(self, release_id: str) -> Path:
        """Manifest of a release."""
        return self.root / "_releases" / f"{release_id}.json"

    def views(self, release_id: str) -> Path:
        """DuckDB views of a release's open tables."""
        return self.root / "_releases" / f"{release_id}.sql"

    def candidate(self, release_id: str) -> Path:
        """Folder of a candidate: the same folders as `root`, holding its new files alone."""
        return self.candidates / release_id

    def draft(self, release_id: str) -> Path:
        """The unsigned manifest of a candidate."""
        return self.candidate(release_id) / "manifest.json"

    def current(self) -> str | None:
        """Id of the release that readers use; None before the first."""
        return _pointer(self.root / "CURRENT")

    def latest(self) -> str | None:
        """Id of the candidate that was made last."""
        return _pointer(self.candidates / "LATEST")

    def releases(self) -> list[str]:
        """Ids of all placed releases, in order of their as-of times."""
        return sorted(filter(None, (id_in(path.stem) for path in (self.root / "_releases").glob("*.json"))))


def id_in(text: str) -> str | None:
    """The release id that a text is. An id becomes part of paths: what is no id must not."""
    return text.strip() if _ID.fullmatch(text.strip()) else None


def _pointer(path: Path) -> str | None:
    try:
        return id_in(path.read_text())
    except FileNotFoundError:
        return None
