"""`media-privacy subject ...`: what one person can ask for about their own data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from . import erasure
from .opening import moment_of, opened
from .options import AsJson, Home, Landing, PolicyFile, settings_of
from .output import as_json
from .progress import busy

Account = Annotated[str, typer.Option(help="The account_id of who asks.")]
RequestId = Annotated[str, typer.Option("--request", help="The request_id of their verified request.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Answer what one person asks for about their own data.")
    group.command("export")(export)
    group.command("dashboard")(dashboard)
    erasure.add_to(group)
    app.add_typer(group, name="subject")


def export(
    account: Account,
    request: RequestId,
    out: Annotated[Path, typer.Option(help="The zip to write: a new file, outside the home.")],
    profile: Annotated[
        str | None, typer.Option(help="One profile; the whole account where its holder asked.", show_default="all")
    ] = None,
    landing: Landing = None,
    home: Home = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Write everything that is held about a person as a zip: JSON, CSV, schemas, and a page to read (GDPR 15 and 20).

    Needs an access or portability request of that person which the door accepted and which is verified.

      media-privacy subject export --account A --request R --out answer.zip --landing landing --home home
    """
    from ..keys import Keyring
    from ..rights.access.export import export as written

    settings = settings_of(landing=landing, home=home, policy=policy)
    Keyring.open(settings.key_file, create=False)
    with opened(settings, "subject export") as session:
        moment = moment_of(session)
        with busy("reading all that is held, and the landing zone"):
            done = written(session, account, profile, request, out.absolute(), moment)
    if json:
        as_json({"out": done.out, "files": done.files, "rows": done.rows})
        return
    typer.echo(f"{done.out}: {done.files} files")
    for kind, rows in done.rows.items():
        typer.echo(f"  {kind:<12}{rows:>12,} rows")


def dashboard(
    account: Account,
    request: RequestId,
    out: Annotated[Path, typer.Option(help="The folder to make, outside the home.")],
    profile: Annotated[str, typer.Option(help="The profile_id.")] = "main",
    home: Home = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Make the privacy dashboard of one profile: a page that loads nothing, and a file for each choice beside it.

    A preference file is handed in as a drop of consent_events/day=YYYY-MM-DD in the landing zone.

      media-privacy subject dashboard --account A --profile main --request R --out dashboard --home home
    """
    from ..keys import Keyring
    from ..rights.access.dashboard import dashboard as shown

    settings = settings_of(home=home, policy=policy)
    Keyring.open(settings.key_file, create=False)
    with opened(settings, "subject dashboard") as session:
        moment = moment_of(session)
        with busy("reading all that is held"):
            done = shown(session, account, profile, request, out.absolute(), moment)
    if json:
        as_json({"out": done.out, "purposes": done.purposes, "choices": done.choices})
        return
    typer.echo(f"{done.out / 'index.html'}: {done.purposes} purposes, {done.choices} choices in preferences/")
