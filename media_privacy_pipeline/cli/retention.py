"""`media-privacy retention show`: how long everything is kept, seen by looking at what is stored."""

from __future__ import annotations

from typing import Annotated

import typer

from .opening import moment_of, opened
from .options import AsJson, Home, PolicyFile, settings_of
from .output import as_json, as_table
from .progress import busy

_AsOf = Annotated[
    str | None, typer.Option(help="Count as of this time (ISO-8601, UTC); the end of the last day taken in.")
]
_SHOWN = ("table", "category", "window_days", "oldest_day", "rows", "held_rows", "due", "ok")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, help="See how long what is stored is kept, and whether any of it is overdue."
    )
    group.command("show")(show)
    app.add_typer(group, name="retention")


def show(home: Home = None, as_of: _AsOf = None, policy: PolicyFile = None, json: AsJson = False) -> None:
    """Read what is stored and print the oldest of each store against its window. Exits with 1 where anything is past
    its window and no legal hold keeps it.

    media-privacy retention show --home home
    """
    from ..rights.retention import held_by, proof

    settings = settings_of(home=home, policy=policy)
    with opened(settings, "retention show") as session:
        moment = moment_of(session, as_of)
        with busy("reading what is stored"):
            lines = proof(session, moment, held_by(session, moment))
    rows = [{**line._asdict(), "ok": line.ok} for line in lines]
    if json:
        as_json({"as_of": moment, "stores": rows})
    else:
        as_table(_SHOWN, [[row[name] for name in _SHOWN] for row in rows], title=f"as of {moment} UTC")
    overdue = sum(not line.ok for line in lines)
    if overdue:
        typer.echo(f"{overdue} stores hold what is past its window: `media-privacy run` destroys it", err=True)
        raise typer.Exit(1)
