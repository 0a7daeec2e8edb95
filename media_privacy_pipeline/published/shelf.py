"""Where releases stand: a local folder or an object store, behind one set of operations."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pyarrow as pa

from ..policy import Policy
from ..settings import Settings
from ..sql import Access
from ..stores import is_url
from .layout import Layout
from .manifest import Manifest


class Pointer(NamedTuple):
    """What CURRENT said when it was read: the release (None before the first), and the version to swap it by."""

    release_id: str | None
    version: str | None = None


class Shelf(Protocol):
    """The releases of one place. Paths are those of manifests."""

    @property
    def where(self) -> str:
        """The folder or the address, in words."""
        ...

    def check(self) -> None:
        """Raises Refused where nothing ought to be published, since nothing could be erased again."""
        ...

    def pointer(self) -> Pointer:
        """What readers use."""
        ...

    def releases(self) -> list[str]:
        """Ids of all placed releases, in order of their as-of times."""
        ...

    def has(self, release_id: str) -> bool:
        """Whether a release is placed: whether its manifest is there."""
        ...

    def manifest(self, release_id: str) -> Manifest:
        """A manifest. Raises Refused where it is missing or damaged."""
        ...

    def placed_at(self, release_id: str) -> float:
        """When a release was placed, in seconds since 1970: to put two of one as-of time in order."""
        ...

    def present(self, paths: Collection[str]) -> set[str]:
        """Those of some files that are there."""
        ...

    def fetch(self, path: str) -> Path | None:
        """A local file with an object's bytes, to be read and not kept; None where there is none."""
        ...

    def fetch_all(self, paths: Iterable[str]) -> None:
        """`fetch` ahead those of some files that are there, several at a time."""
        ...

    def read(self, path: str, columns: Sequence[str], properties: Any | None) -> pa.Table:
        """Columns of a Parquet file, decrypted with pyarrow's properties where it is encrypted."""
        ...

    def digest(self, path: str) -> str:
        """SHA-256 of a file as it is now."""
        ...

    def place(self, folder: Path, manifest: Manifest) -> None:
        """Put a candidate's files where readers expect them, then its manifest: from then on it is a release."""
        ...

    def point(self, release_id: str, seen: Pointer) -> None:
        """Let readers use a release, unless they use another one by now than was `seen`: then Refused."""
        ...

    def sweep(self) -> None:
        """Remove what a killed publisher left: files whose release never got its manifest."""
        ...

    def remove(self, paths: Iterable[str]) -> None:
        """Delete files; those that are gone are no error."""
        ...


def shelf_of(settings: Settings) -> Shelf:
    """Where the releases of a home stand: HOME/published unless MEDIA_PRIVACY_PUBLISHED_URL says otherwise."""
    if settings.published_url is not None and is_url(settings.published_url):
        from .url_shelf import UrlShelf

        return UrlShelf.at(settings.published_url, settings.work / "published", settings.home)
    from .local_shelf import LocalShelf

    return LocalShelf(layout_of(settings))


def layout_of(settings: Settings) -> Layout:
    """The local places of a home: its candidates, and its releases where they stand in a folder."""
    local = settings.published_url is not None and not is_url(settings.published_url)
    return Layout(settings.home, settings.published if local else None)


def retire(shelf: Shelf, policy: Policy, as_of: datetime | None = None) -> int:
    """Remove restricted files that only superseded releases refer to, the policy's days after they were superseded.

    Seen from the as-of time of the current release, unless another is given. Open tables stay for ever: they were
    private for everyone when they were released. Returns the files removed.
    """
    current = shelf.pointer().release_id
    if current is None:
        return 0
    now = as_of or shelf.manifest(current).as_of
    after = timedelta(days=policy.published.retire_after_days)
    due = [file for file, since in superseded(shelf).items() if now - since >= after]
    shelf.remove(due)
    return len(due)


def superseded(shelf: Shelf) -> dict[str, datetime]:
    """The restricted files still there that the current release does not refer to, and since when none has that
    readers used: the as-of time of the release that took the place of the last one that did."""
    current = shelf.pointer().release_id
    if current is None:
        return {}
    releases = {release_id: shelf.manifest(release_id) for release_id in shelf.releases()}
    now = releases[current]
    successors = {each.previous: each for each in releases.values() if each.previous is not None}
    since: dict[str, datetime] = {}
    for release_id, release in releases.items():
        # One that was swapped away for an older release is nobody's predecessor: the next later one tells when.
        later = min((each.as_of for each in releases.values() if each.as_of > release.as_of), default=now.as_of)
        ended = successors[release_id].as_of if release_id in successors else later
        for file in _restricted(release) - _restricted(now):
            since[file] = max(since.get(file, ended), ended)
    there = shelf.present(since)
    return {file: moment for file, moment in since.items() if file in there}


def _restricted(manifest: Manifest) -> set[str]:
    entries = (entry for entry in manifest.tables.values() if entry.access is Access.restricted)
    return {file.path for entry in entries for file in entry.files}
