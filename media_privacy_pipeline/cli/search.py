"""`media-privacy search`: titles for words, from the published index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .look import ReleaseId
from .options import AsJson, Home, settings_of
from .output import as_json, as_table

if TYPE_CHECKING:
    from ..discovery import Hit


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("search")(search)


def search(
    query: Annotated[str, typer.Argument(help="What a viewer would type.")],
    home: Home = None,
    limit: Annotated[int, typer.Option(min=1, help="Titles at most.")] = 10,
    release: ReleaseId = None,
    json: AsJson = False,
) -> None:
    """Find titles by words of their names, genres, makers and stories; a typo a word is forgiven.

    media-privacy search "space opera"
    """
    import duckdb

    from ..discovery import search as found_for
    from ..discovery.tables import TABLES
    from ..published import opened as opened_release

    opened = opened_release(settings_of(home=home), release)
    with duckdb.connect() as connection:
        for table in TABLES:
            opened.duckdb(table, connection).create_view(table)
        hits = found_for(connection, query, limit)
    if json:
        as_json({"release": opened.release_id, "hits": [hit._asdict() for hit in hits]})
    elif hits:
        rows = [[hit.title_id, hit.name, hit.kind, _year(hit), hit.genres, hit.score] for hit in hits]
        as_table(["title_id", "name", "kind", "year", "genres", "score"], rows)
    else:
        typer.echo("nothing is like this in the catalogue", err=True)


def _year(hit: Hit) -> str | None:
    return None if hit.release_year is None else str(hit.release_year)
