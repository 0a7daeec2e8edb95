"""`media-privacy subject erase`, and `subject receipt ...`: erasures carried out and proved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .opening import opened
from .options import AsJson, Home, Landing, PolicyFile, environment_of, settings_of
from .output import as_facts, as_json, as_table
from .progress import shown

if TYPE_CHECKING:
    from ..engines import Span
    from ..settings import Settings

_WAIT = "the legal hold must be lifted first"


def add_to(group: typer.Typer) -> None:
    """Add the commands to `media-privacy subject`."""
    group.command("erase")(erase)
    receipts = typer.Typer(no_args_is_help=True, help="See the receipts of erasures, and whether they are genuine.")
    receipts.command("verify")(verify)
    receipts.command("list")(listed)
    group.add_typer(receipts, name="receipt")


def erase(
    landing: Landing = None,
    home: Home = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only count what the requests that a run has let in would take out.")
    ] = False,
    policy: PolicyFile = None,
    json: AsJson = False,
) -> None:
    """Carry out every verified request of erasure that is due, to the signed receipt.

    Takes in what landed, takes the people out of all that is stored, trains and publishes anew, destroys older copies,
    and looks into every file of the home. A request under a legal hold waits. Exits with 1 where a release was refused
    or somebody is still found: then there is no receipt, and running again goes on.

      media-privacy subject erase --landing landing --home home
    """
    from ..orchestration.days import span_between
    from ..policy import load

    settings = settings_of(landing=landing, home=home, policy=policy)
    load(settings.policy)
    span = span_between(settings.landing, None, None)
    if dry_run:
        _tell_due(settings, span, json=json)
        return
    os.environ.update(environment_of(settings))
    from ..definitions import defs
    from ..orchestration.headless import run_range

    before = _receipts(settings)
    with shown(len(defs.resolve_job_def("nightly").nodes), quiet=json):
        run_range(defs, settings, span, waiting=lambda text: typer.echo(text, err=True))
    written = sorted(_receipts(settings) - before)
    held = _held(settings, span)
    if json:
        as_json({"receipts": [str(path) for path in written], "held": held})
        return
    for path in written:
        typer.echo(str(path))
    typer.echo(f"{len(written)} erasures proved; {held} held" + (f": {_WAIT}" if held else ""))


def verify(
    file: Annotated[Path, typer.Argument(help="A receipt.")],
    key: Annotated[
        str | None, typer.Option(help="The installation's public key (Ed25519, hexadecimal); the home's own key file.")
    ] = None,
    home: Home = None,
    json: AsJson = False,
) -> None:
    """Say whether a receipt is as it was signed. Exits with 1 where it is not.

    media-privacy subject receipt verify home/receipts/FILE
    """
    from ..keys import Keyring
    from ..rights.erasure import receipt

    verifier = key or Keyring.open(settings_of(home=home).key_file, create=False).verifier_hex
    found = receipt.read(file)
    receipt.verify(found, verifier.lower())
    facts = _facts(found)
    if json:
        as_json({"genuine": True, **facts})
        return
    typer.echo("genuine: it is what the installation signed")
    as_facts(facts)


def listed(home: Home = None, json: AsJson = False) -> None:
    """List the receipts of a home. They name nobody."""
    from ..rights.erasure import receipt

    found = {path.name: _facts(receipt.read(path)) for path in sorted(_receipts(settings_of(home=home)))}
    if json:
        as_json([{"file": name, **facts} for name, facts in found.items()])
    elif found:
        columns = list(next(iter(found.values())))
        as_table(["file", *columns], [[name, *facts.values()] for name, facts in found.items()])
    else:
        typer.echo("there are no receipts")


def _facts(receipt: dict[str, Any]) -> dict[str, Any]:
    return {
        "received_at": receipt["request"]["received_at"],
        "scope": receipt["request"]["scope"],
        "erased_as_of": receipt["erasure"]["as_of"],
        "rows_removed": sum(receipt["rows_removed"].values()),
        "files_rewritten": len(receipt["files"]),
        "keys_destroyed": receipt["keys_destroyed"],
        "release_files_destroyed": len(receipt["releases"]["destroyed"]),
        "models_flagged": len(receipt["models"]["flagged"]),
        "files_scanned": receipt["scan"]["files"],
        "bytes_scanned": receipt["scan"]["bytes"],
    }


def _receipts(settings: Settings) -> set[Path]:
    return set(settings.receipts.glob("*.json"))


def _held(settings: Settings, span: Span) -> int:
    from ..consent.erasures import asked

    with opened(settings, "subject erase") as session:
        return len(asked(session, span.as_of).held)


def _tell_due(settings: Settings, span: Span, *, json: bool) -> None:
    from ..rights.erasure.plan import plan

    with opened(settings, "subject erase --dry-run") as session:
        found = plan(session, span)
    if json:
        as_json(found._asdict())
        return
    typer.echo(f"{found.due} requests are due, {found.held} are held, {found.under_way} wait for their proof")
    if found.rows:
        as_table(["table", "rows that would go"], list(found.rows.items()))
