"""Puts a release in place, swaps the pointer, retires what is superseded. May be killed between any two lines."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

from ..durable import replace_text, sync, sync_tree
from ..policy import Policy
from ..sql import Access
from .layout import Layout
from .manifest import Manifest, read_manifest
from .views import view_text


def place(layout: Layout, manifest: Manifest) -> None:
    """Move a candidate's files to where readers expect them, then write its manifest: from then on it is a release."""
    folder = layout.candidate(manifest.release_id)
    sync_tree(folder)
    for staged in sorted(folder.glob(f"*/*/{manifest.release_id}")):
        target = layout.root / staged.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Files without a manifest are what a killed run left half moved.
        shutil.rmtree(target, ignore_errors=True)
        staged.replace(target)
        sync(target.parent)
        sync(target.parent.parent)
    replace_text(layout.views(manifest.release_id), view_text(manifest))
    replace_text(layout.manifest(manifest.release_id), manifest.text())


def point(layout: Layout, release_id: str) -> None:
    """Let readers use a release."""
    replace_text(layout.root / "CURRENT", release_id + "\n")


def sweep(layout: Layout) -> None:
    """Remove files under `published` whose release never got its manifest, and half-written texts."""
    for pattern in (".*", "_releases/.*"):
        for half in layout.root.glob(pattern):
            half.unlink()
    for folder in layout.root.glob("*/*/*"):
        if folder.parent.parent.name in ("open", "restricted") and not layout.manifest(folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)


def retire(layout: Layout, policy: Policy, as_of: datetime | None = None) -> int:
    """Remove restricted files that only superseded releases refer to, the policy's days after they were superseded.

    Seen from the as-of time of the current release, unless another is given. Open tables stay for ever: they were
    private for everyone when they were released. Returns the files removed.
    """
    current = layout.current()
    if current is None:
        return 0
    now = as_of or read_manifest(layout.manifest(current)).as_of
    after = timedelta(days=policy.published.retire_after_days)
    due = [file for file, since in superseded(layout).items() if now - since >= after]
    for file in due:
        (layout.root / file).unlink()
    for release_id in layout.releases():
        for file in _restricted(read_manifest(layout.manifest(release_id))):
            _drop_empty((layout.root / file).parent)
    return len(due)


def superseded(layout: Layout) -> dict[str, datetime]:
    """The restricted files on disk that the current release does not refer to, and since when none has that readers
    used: the as-of time of the release that took the place of the last one that did."""
    current = layout.current()
    if current is None:
        return {}
    releases = {release_id: read_manifest(layout.manifest(release_id)) for release_id in layout.releases()}
    now = releases[current]
    successors = {each.previous: each for each in releases.values() if each.previous is not None}
    since: dict[str, datetime] = {}
    for release_id, release in releases.items():
        ended = successors.get(release_id, now).as_of
        for file in _restricted(release) - _restricted(now):
            if (layout.root / file).exists():
                since[file] = max(since.get(file, ended), ended)
    return since


def _restricted(manifest: Manifest) -> set[str]:
    entries = (entry for entry in manifest.tables.values() if entry.access is Access.restricted)
    return {file.path for entry in entries for file in entry.files}


def _drop_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
