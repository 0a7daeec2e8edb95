"""`media-privacy tables`, `read`, `releases`: what was published, on a terminal or for a program."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, Home, settings_of
from .output import as_csv, as_json, as_table

if TYPE_CHECKING:
    from ..published import Release

ReleaseId = Annotated[str | None, typer.Option("--release", help="A release id.", show_default="the current one")]


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("tables")(tables)
    app.command("read")(read)
    app.command("releases")(releases)


def tables(home: Home = None, release: ReleaseId = None, json: AsJson = False) -> None:
    """List the tables of a release: who may read them, their rows, and what they cost in privacy.

    media-privacy tables --home home
    """
    opened = _open(home, release)
    entries = sorted(opened.manifest.tables.items(), key=lambda item: (item[1].access.value, item[0]))
    rows = [
        {
            "table": name,
            "access": entry.access.value,
            "purpose": entry.purpose,
            "protected_by": entry.protected_by,
            "rows": entry.rows,
            "epsilon": None if entry.privacy is None else entry.privacy.epsilon,
            "unit": None if entry.privacy is None else entry.privacy.unit,
            "columns": [column.name for column in entry.columns],
        }
        for name, entry in entries
    ]
    if json:
        as_json({"release": opened.release_id, "tables": rows, "left_out": dict(opened.manifest.left_out)})
        return
    shown = ("table", "access", "purpose", "protected_by", "rows", "epsilon")
    as_table(shown, [[row[name] for name in shown] for row in rows], title=f"release {opened.release_id}")
    for name, why in sorted(opened.manifest.left_out.items()):
        typer.echo(f"without {name}: {why}")


def read(
    table: Annotated[str, typer.Argument(help="A published table; `media-privacy tables` lists them.")],
    home: Home = None,
    limit: Annotated[int, typer.Option(min=0, help="Rows at most; 0 for all.")] = 20,
    format: Annotated[Format, typer.Option(help="How to print.")] = Format.table,
    release: ReleaseId = None,
) -> None:
    """Print rows of a published table. Restricted tables are decrypted with the home's key file.

    media-privacy read title_daily --limit 5

    media-privacy read privacy_ledger --limit 0 --format csv > ledger.csv
    """
    opened = _open(home, release)
    found = opened.arrow(table)
    entry = opened.manifest.tables[table]
    if entry.purpose is not None:
        what = "exact counts" if entry.protected_by == "suppression" else "one person a row"
        typer.echo(f"{table}: {what}, for {entry.purpose} alone; do not copy it further", err=True)
    wanted = found if limit == 0 else found.slice(0, limit)
    if format is Format.json:
        as_json(wanted.to_pylist())
        return
    rows = ([row[name] for name in found.column_names] for row in wanted.to_pylist())
    if format is Format.csv:
        as_csv(found.column_names, rows)
        return
    as_table(found.column_names, rows)
    if wanted.num_rows < found.num_rows:
        typer.echo(f"{wanted.num_rows:,} of {found.num_rows:,} rows; --limit 0 for all", err=True)


def releases(
    home: Home = None,
    limit: Annotated[int, typer.Option(min=0, help="Releases at most, the newest; 0 for all.")] = 20,
    json: AsJson = False,
) -> None:
    """List the releases of a home, the newest first; the one that readers use is marked."""
    from ..published.shelf import shelf_of

    settings = settings_of(home=home)
    shelf = shelf_of(settings)
    found = [shelf.manifest(release_id) for release_id in shelf.releases()]
    current = shelf.pointer().release_id if found else None
    # Two releases of one as-of time differ in what they were made from; then the later one is the newer.
    alike = Counter(each.as_of for each in found)
    found.sort(
        key=lambda each: (each.as_of, shelf.placed_at(each.release_id) if alike[each.as_of] > 1 else 0.0), reverse=True
    )
    rows: list[dict[str, Any]] = []
    for release_id, manifest in ((each.release_id, each) for each in islice(found, limit or None)):
        rows.append(
            {
                "release": release_id,
                "current": release_id == current,
                "from": manifest.first_day,
                "to": manifest.last_day,
                "as_of": manifest.as_of,
                "tables": len(manifest.tables),
                "rows": sum(entry.rows for entry in manifest.tables.values()),
                "epsilon": None if manifest.privacy is None else manifest.privacy.epsilon,
            }
        )
    if json:
        as_json(rows)
    elif rows:
        as_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        typer.echo(f"{shelf.where}: nothing was published here yet; `media-privacy run` does it", err=True)


def _open(home: Home, release_id: str | None) -> Release:
    from ..published import opened

    return opened(settings_of(home=home), release_id)
