"""`media-privacy ledger ...`: whether the consent ledger is what was signed, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, Home, settings_of
from .output import as_json, as_table
from .progress import busy

if TYPE_CHECKING:
    from ..consent.chain import Verdict
    from ..consent.ledger import ConsentLedger
    from ..engines import Session

_SHOWN = ("seq", "scope", "purpose", "state", "signal", "effective_at", "recorded_at", "expires_at", "account_ref")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="See the consent ledger, and whether it is what was signed.")
    group.command("verify")(verify)
    group.command("show")(show)
    app.add_typer(group, name="ledger")


def verify(home: Home = None, json: AsJson = False) -> None:
    """Recompute the chain from its first row to the signed head. Exits with 1, and names the first bad row, where
    anything was changed, removed, moved or cut off."""
    with opened_ledger(home) as (_, ledger), busy("recomputing the chain"):
        chain = ledger.verify()
    if json:
        as_json(document(chain))
    else:
        typer.echo(words(chain))
    if not chain.ok:
        raise typer.Exit(1)


def show(
    home: Home = None,
    account: Annotated[str | None, typer.Option(help="Only rows about this account_id.")] = None,
    last: Annotated[int, typer.Option(help="So many rows, the latest.", min=1)] = 20,
    json: AsJson = False,
) -> None:
    """Print rows of the ledger, the latest last. Who they are about stands there as keyed refs, never as ids."""
    from datetime import datetime

    from ..consent.entries import Refs

    with opened_ledger(home) as (session, ledger):
        ref = None if account is None else Refs.of(session, [(account, None)]).account(account)
        rows = ledger.rows(datetime.max, account_ref=ref, last=last).to_pylist()
    if json:
        as_json(rows)
    else:
        as_table(_SHOWN, [[row[name] for name in _SHOWN] for row in rows])


def document(chain: Verdict) -> dict[str, Any]:
    """What verifying found, for programs."""
    return {"rows": chain.rows, "whole": chain.ok, "first_bad": chain.first_bad, "problem": chain.problem}


def words(chain: Verdict) -> str:
    """What verifying found, for people."""
    return f"{chain.rows:,} rows, " + ("whole" if chain.ok else f"broken at row {chain.first_bad}: {chain.problem}")


@contextmanager
def opened_ledger(home: Path | None) -> Iterator[tuple[Session, ConsentLedger]]:
    """A home's session and ledger, with the key file that is there."""
    from ..consent.record import opened
    from ..engines import Session
    from ..keys import Keyring

    settings = settings_of(home=home)
    # A new key would find that nothing was signed by it: never make one here.
    Keyring.open(settings.key_file, create=False)
    session = Session(settings)
    with opened(session) as ledger:
        yield session, ledger
