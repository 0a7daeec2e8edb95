"""`media-privacy audit`: try to break what the releases promise, now, and say what was tried and found."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from .options import AsJson, EngineName, Home, PolicyFile, settings_of
from .output import as_json, as_table

if TYPE_CHECKING:
    from ..audit import Finding
    from ..engines import Session

_COLUMNS = ("check", "of", "estimate", "limit", "up to", "")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("audit")(audit)


def audit(
    home: Home = None,
    policy: PolicyFile = None,
    engine: EngineName = None,
    full: Annotated[bool, typer.Option("--full", help="At the size of a night: about a minute.")] = False,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Also break the promise in every known way: each must be seen.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Try to break the promise of every released table, on synthetic people that no table ever shows.

    What a night's audit does, and nothing is written: sensitivity, the noise that is drawn, two worlds, canaries,
    re-runs and, with --full, planted people from the door on. Of a home that is there, also what its ledger paid for,
    and its rows. docs/audits.md says what each check sees. Exits with 1 where something is found.
    """
    from ..audit.mutants import check_mutants
    from ..audit.size import SIZES
    from ..audit.steps import tried
    from ..policy import load
    from ..settings import ELSEWHERE
    from .opening import opened

    settings = settings_of(home=home, policy=policy, engine=engine)
    load(settings.policy)
    size = replace(SIZES["full" if full else "small"], mutants=False)
    there = settings.home.is_dir()
    with ExitStack() as stack:
        if not there:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            apart = {**dict.fromkeys(ELSEWHERE), "home": folder / "home", "keys": folder / "keys"}
            settings = settings.model_copy(update=apart)
        session = stack.enter_context(opened(settings, "audit"))
        found = [*tried(session, size), *(_of_home(session) if there else [])]
        found += check_mutants(session, size, settings.work) if mutants else []
    wrong = [each for each in found if not each.passed]
    if json:
        as_json({"held": not wrong, "home": str(settings.home) if there else None, "findings": [*map(asdict, found)]})
    else:
        as_table(_COLUMNS, [_row(each) for each in found])
        typer.echo(
            f"{len(found) - len(wrong)} of {len(found)} held" + ("" if there else "; there is no home to look at")
        )
    if wrong:
        raise typer.Exit(1)


def _of_home(session: Session) -> Sequence[Finding]:
    """What needs a home: that what lies there was paid for, and that all rows of every day add up."""
    from ..audit.balance import check_balance
    from ..audit.repeats import check_stored
    from ..engines import Span

    days = session.lake.days("landing_accounting")
    released = any(session.lake.has(table) for table in session.policy.releases.tables)
    stored = check_stored(session) if released else []
    return [*stored, *(check_balance(session, Span.of(days[0], days[-1])) if days else [])]


def _row(found: Finding) -> tuple[object, ...]:
    held = "held" if found.passed else "FAILED"
    return found.check, found.target, found.estimate, found.limit, found.high, held
