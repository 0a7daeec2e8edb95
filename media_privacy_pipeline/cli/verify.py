"""`media-privacy verify`: whether the consent ledger and the current release are what was signed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from .ledger import document, opened_ledger, words
from .options import AsJson, Home
from .output import as_json
from .progress import busy

if TYPE_CHECKING:
    from ..engines import Session


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("verify")(verify)


def verify(home: Home = None, json: AsJson = False) -> None:
    """Recompute the chain of the consent ledger, and the signature and files of the release that readers use.

    Exits with 1 where something is not what this installation signed.
    """
    with opened_ledger(home) as (session, ledger), busy("recomputing chain and digests"):
        chain = ledger.verify()
        release, problems = _release(session)
    found = {
        "whole": chain.ok and not problems,
        "ledger": document(chain),
        "release": {"id": release, "whole": not problems, "problems": problems},
    }
    if json:
        as_json(found)
    else:
        typer.echo(f"consent ledger: {words(chain)}")
        typer.echo(f"release {release or 'none yet'}: " + ("whole" if not problems else "; ".join(problems)))
    if not found["whole"]:
        raise typer.Exit(1)


def _release(session: Session) -> tuple[str | None, list[str]]:
    from ..errors import PipelineError
    from ..published.shelf import shelf_of

    shelf = shelf_of(session.settings)
    current = shelf.pointer().release_id
    if current is None:
        return None, []
    try:
        manifest = shelf.manifest(current)
        manifest.verify(session.keyring.verifier_hex)
    except PipelineError as error:
        return current, [str(error)]
    files = [file for entry in manifest.tables.values() for file in entry.files]
    there = shelf.present([file.path for file in files])
    missing = [file.path for file in files if file.path not in there]
    changed = [file.path for file in files if file.path in there and shelf.digest(file.path) != file.sha256]
    return current, [*(f"{path} is missing" for path in missing), *(f"{path} was changed" for path in changed)]
