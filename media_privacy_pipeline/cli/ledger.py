"""`media-privacy ledger ...`: whether the consent ledger is what was signed, and its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import AsJson, Home, settings_of
from .output import as_json, as_table

if TYPE_CHECKING:
    from ..consent.ledger import ConsentLedger

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
    with _opened(home) as ledger:
        chain = ledger.verify()
    if json:
        as_json({"rows": chain.rows, "whole": chain.ok, "first_bad": chain.first_bad, "problem": chain.problem})
    elif chain.ok:
        typer.echo(f"{chain.rows:,} rows, whole")
    else:
        typer.echo(f"{chain.rows:,} rows, broken at row {chain.first_bad}: {chain.problem}")
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
    from ..engines import Session

    with _opened(home) as ledger:
        rows: list[dict[str, Any]] = ledger.rows(datetime.max).to_pylist()
    if account is not None:
        ref = Refs(Session(settings_of(home=home)).keyring).account(account)
        rows = [row for row in rows if row["account_ref"] == ref]
    rows = rows[-last:]
    if json:
        as_json(rows)
    else:
        as_table(_SHOWN, [[row[name] for name in _SHOWN] for row in rows])


@contextmanager
def _opened(home: Any) -> Iterator[ConsentLedger]:
    from ..consent.record import opened
    from ..engines import Session
    from ..keys import Keyring

    settings = settings_of(home=home)
    # A new key would find that nothing was signed by it: never make one here.
    Keyring.open(settings.key_file, create=False)
    with opened(Session(settings)) as ledger:
        yield ledger
