"""Puts a release in a folder and swaps the pointer. May be killed between any two lines."""

from __future__ import annotations

import shutil
from pathlib import Path

from ..durable import replace_text, sync, sync_tree
from .layout import Layout
from .manifest import Manifest
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


def drop_empty(folder: Path) -> None:
    """Remove a folder that nothing is in."""
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
