"""Files and folders that are there after a power cut, or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import uuid4


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Flush every file and folder under a folder, and itself."""
    for path in sorted(folder.rglob("*"), reverse=True):
        sync(path)
    sync(folder)


def replace_bytes(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Make a file hold some bytes: whoever reads it at any moment sees the old ones or the new ones, whole.

    `mode` is what the file may be opened for from its first byte on, the process's umask taken off.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)


def replace_text(path: Path, text: str) -> None:
    """As `replace_bytes`, for a text in UTF-8."""
    replace_bytes(path, text.encode())
