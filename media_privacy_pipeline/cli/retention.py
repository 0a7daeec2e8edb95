"""`media-privacy retention show`: how long everything is kept, seen by looking at what is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson, Home, PolicyFile, settings_of
from .output import as_json, as_table

if TYPE_CHECKING:
    from datetime import datetime

    from ..engines import Session

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
    from ..orchestration.days import parse_as_of
    from ..orchestration.session import opened
    from ..rights.retention import held_by, proof

    settings = settings_of(home=home, policy=policy)
    with opened(settings, "media-privacy retention show", waiting=lambda said: typer.echo(said, err=True)) as session:
        moment = parse_as_of(as_of) or _end(session)
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


def _end(session: Session) -> datetime:
    """The end of the last day of viewing events that was taken in."""
    from datetime import datetime, time, timedelta

    from ..errors import UsageError

    days = session.lake.days("accepted_viewing_events")
    if not days:
        raise UsageError(f"{session.settings.home}: nothing was taken in yet: `media-privacy run` does it")
    return datetime.combine(days[-1] + timedelta(days=1), time())
