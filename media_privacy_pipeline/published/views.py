"""DuckDB views of a release's open tables, for people who have DuckDB and nothing of ours."""

from __future__ import annotations

from ..engines.duckdb import quote
from ..sql import Access
from .manifest import Manifest


def view_text(manifest: Manifest, url: str | None = None) -> str:
    """One view for each open table; the paths are relative to HOME/published, or begin with the address."""
    whose = "was started in HOME/published" if url is None else "has its extension httpfs"
    lines = [f"-- Open tables of release {manifest.release_id}, for a DuckDB that {whose}."]
    root = "" if url is None else f"{url}/"
    for name, entry in sorted(manifest.tables.items()):
        if entry.access is Access.open and entry.files:
            files = ", ".join(quote(root + file.path) for file in entry.files)
            columns = ", ".join(f'"{column.name}"' for column in entry.columns)
            lines.append(
                f"create or replace view {name} as select {columns} from "
                f"read_parquet([{files}], hive_partitioning = false);"
            )
    return "\n".join(lines) + "\n"
