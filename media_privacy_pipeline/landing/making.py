"""Tables of the work folder: written by the engine at hand, read by it again, and gone with the folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..engines import Engine, Folder, Input


def made(engine: Engine, folder: Path, sql: str, inputs: Mapping[str, Input], types: Mapping[str, str]) -> Folder:
    """Run a query into a folder that is not there yet; it has columns of these types."""
    folder.mkdir()
    engine.write(sql, inputs, folder)
    return Folder(folder, sorted(folder.glob("*.parquet")), types)
