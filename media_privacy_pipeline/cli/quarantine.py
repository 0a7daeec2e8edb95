"""`media-privacy quarantine`: how many rows the door refused, and giving them back after a fix."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson, Home, settings_of
from .output import as_json, as_table

if TYPE_CHECKING:
    from ..engines import Session

_commands = typer.Typer(no_args_is_help=True, help="See what the door refused, and give it back after a fix.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(_commands, name="quarantine")


@_commands.command()
def show(home: Home = None, json: AsJson = False) -> None:
    """Count the refused rows that are kept, by source, arrival day and reason. No row is shown."""
    from ..landing import quarantine
    from ..landing.sources import SOURCES

    session = _session(home)
    counts = [
        (source, day, reason, rows)
        for source in SOURCES
        for day in quarantine.days(session, source)
        for reason, rows in sorted(Counter(r.reason for r in quarantine.read(session, source, day)).items())
    ]
    columns = ("source", "arrival_day", "reason", "rows")
    if json:
        as_json([dict(zip(columns, row, strict=True)) for row in counts])
    elif counts:
        as_table(columns, counts)
    else:
        typer.echo("no refused rows are kept", err=True)


@_commands.command()
def replay(
    source: Annotated[str, typer.Argument(help="The input, such as viewing_events.")],
    day: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The arrival day.")],
    out: Annotated[Path, typer.Option(help="The landing zone to write the rows into, as a drop of that day.")],
    home: Home = None,
) -> None:
    """Write the refused rows of a day, in the clear, as a drop for the next run.

    Rows that could not be taken apart stay behind: only their sender can mend them.

      media-privacy quarantine replay viewing_events 2026-09-03 --out landing
    """
    from ..errors import UsageError
    from ..landing import quarantine
    from ..landing.sources import SOURCES

    if source not in SOURCES:
        raise UsageError(f"{source}: no such input; there are {', '.join(SOURCES)}")
    written, behind = quarantine.replay(_session(home), source, day.date(), out.absolute())
    typer.echo(f"{written:,} rows written to {out}, {behind:,} stay behind")


def _session(home: Home) -> Session:
    from ..engines import Session
    from ..keys import Keyring

    settings = settings_of(home=home)
    Keyring.open(settings.key_file, create=False)
    return Session(settings)
