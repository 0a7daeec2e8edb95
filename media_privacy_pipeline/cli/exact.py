"""`media-privacy exact ...`: what holds of the exact tables that were told."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import AsJson, Home, settings_of
from .output import as_json, as_table


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="See what holds of tables of exact counts: k, l and t.")
    group.command("show")(show)
    app.add_typer(group, name="exact")


def show(
    table: Annotated[str | None, typer.Argument(help="One table; all of them unless given.")] = None,
    home: Home = None,
    json: AsJson = False,
) -> None:
    """Print the report of each exact table and period: smallest cell (k), least number of sensitive values in a class
    (l, distinct and by entropy), largest distance of a class from everybody (t), and why nothing is told where nothing
    is. For the privacy officer: t of what was hidden is not published. Exits with 1 where a table was changed since.

      media-privacy exact show --home home
    """
    from ..errors import UsageError
    from ..exact.reports import reports

    settings = settings_of(home=home)
    found = reports(settings.home)
    if table is not None:
        found = [row for row in found if row["table"] == table]
        if not found:
            raise UsageError(f"{table}: no period of an exact table of this name was decided in {settings.home}")
    if json:
        as_json(found)
    elif found:
        as_table(list(found[0]), [list(row.values()) for row in found])
    else:
        typer.echo("No exact table was decided here: the policy has none, or no period of one has ended.")
