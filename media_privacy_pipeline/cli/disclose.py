"""`media-privacy disclose` and `disclosures ...`: handing a published table to a recipient, and the log of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .opening import opened
from .options import AsJson, Home, PolicyFile, settings_of
from .output import as_facts, as_json, as_table
from .progress import busy

if TYPE_CHECKING:
    from ..rights.disclosure import DisclosureLog

_CURRENT = "current"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("disclose")(disclose)
    group = typer.Typer(no_args_is_help=True, help="See what was handed over, and whether the log is what was signed.")
    group.command("verify")(verify)
    group.command("show")(show)
    app.add_typer(group, name="disclosures")


def disclose(
    table: Annotated[str, typer.Argument(help="A published table; `media-privacy tables` lists them.")],
    recipient: Annotated[str, typer.Option(help="A recipient of the policy.")],
    purpose: Annotated[str, typer.Option(help="What it is handed over for: a purpose of the policy.")],
    release: Annotated[str, typer.Option(help="A release id, or current.")] = _CURRENT,
    out: Annotated[
        Path | None,
        typer.Option(help="The new file, .parquet or .csv.", show_default="TABLE-RECIPIENT.parquet here"),
    ] = None,
    home: Home = None,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Hand a published table to a recipient that the policy declares, and record it.

    Of a restricted table, only rows go whose person's consent stands now; for a purpose that asks for a form of its own
    (VPPA), under pseudonyms for this recipient alone. The log has it before the file is there.

      media-privacy disclose recommendations --recipient survey-office --purpose disclosure --out office.parquet
    """
    from datetime import UTC, datetime

    from ..rights.disclosure import Wanted, hand_over

    file = (out or Path(f"{table}-{recipient}.parquet")).absolute()
    wanted = Wanted(table, recipient, purpose, file, None if release == _CURRENT else release)
    settings = settings_of(home=home, policy=policy)
    now = datetime.now(UTC).replace(tzinfo=None)
    with opened(settings, "disclose") as session, busy("deciding whose rows may go"):
        handed = hand_over(session, wanted, now)
    facts = {"disclosure": handed.recorded.seq, **handed.recorded.disclosure._asdict(), "file": str(handed.file)}
    if json:
        as_json(facts)
    else:
        as_facts(facts)


def verify(home: Home = None, json: AsJson = False) -> None:
    """Recompute the log's chain and check its signatures. Exits with 1, and names the first bad line, where anything
    was changed, removed, moved or cut off."""
    from .ledger import document, words

    verdict = _log(home).verify()
    if json:
        as_json(document(verdict))
    else:
        typer.echo(words(verdict))
    if not verdict.ok:
        raise typer.Exit(1)


def show(home: Home = None, json: AsJson = False) -> None:
    """Print what was handed over: when, to whom, what for, what, how many rows of how many people."""
    rows = [{"seq": seq, **each._asdict()} for seq, each in _log(home).entries()]
    if json:
        as_json(rows)
    elif rows:
        as_table(list(rows[0]), [list(row.values()) for row in rows])
    else:
        typer.echo("nothing was handed over", err=True)


def _log(home: Path | None) -> DisclosureLog:
    from ..keys import Keyring
    from ..rights.disclosure import DisclosureLog

    settings = settings_of(home=home)
    return DisclosureLog(settings.home, Keyring.open(settings.key_file, create=False))
