"""Released once means the same bytes for ever, and that what lies in the lake is what was paid for. Exact."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import date
from hashlib import sha256
from os import urandom
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from ..engines import Engine, Session
from ..keys import Keyring
from ..privacy import BudgetLedger, Desk, Source, Stored, release
from ..privacy.contributions import domain_of
from ..privacy.odometers import Odometers
from ..privacy.open import open_desk
from ..release_policy import Budget, TableStatement
from .finding import Finding, exact
from .world import START, TABLE, public_values, variants, world

Releasing: TypeAlias = Callable[..., dict[date, Stored]]

# The audit's own ledger pays for synthetic people.
_BUDGET = Budget(unit="account", days=365, epsilon=1e6, delta=1e-9)


def check_repeats(
    name: str, statement: TableStatement, engine: Engine, work: Path, releasing: Releasing = release
) -> Finding:
    """Release a synthetic day, and again from other input: how many of the second's bytes differ, and extra charges."""
    public = public_values(statement)
    rows = variants(world(statement, domain_of(statement, public)), [])
    work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=work) as folder:
        ledger = BudgetLedger(f"sqlite:///{folder}/ledger.sqlite", _BUDGET)
        with closing(ledger):
            odometers = Odometers(Path(folder) / "odometers", Keyring(urandom(32)))
            desk = Desk(ledger, Path(folder) / "releases", odometers=odometers)
            contents = []
            for input_rows in (rows, rows.slice(0, rows.num_rows // 2)):
                source = Source(f"select * from {TABLE}", {TABLE: input_rows})
                found: Any = releasing(name, statement, source, desk, engine, days=[START], public=public)
                contents.append(found[START].path.read_bytes())
            differences = int(contents[0] != contents[1]) + len(ledger.charges()) - 1
    return exact("repeats", name, float(differences), 0.0)


def check_stored(session: Session) -> list[Finding]:
    """For each released table: how many of its days in the lake are not, byte by byte, what the ledger was charged for;
    and for all releases, what the dearest window of the budget costs against its cap."""
    desk = open_desk(session)
    with closing(desk.ledger):
        charges = desk.ledger.charges()
        days = sorted({charge.day for charge in charges})
        dearest = max((desk.ledger.year_epsilon(day) for day in days), default=0.0)
    paid = {(c.name, c.partition): c.sha256 for c in charges if c.sha256 is not None and c.superseded_by is None}
    findings = []
    for table in session.policy.releases.tables:
        wrong = sum(
            _digests(session, table, day) != [paid.get((table, day.isoformat()))] for day in session.lake.days(table)
        )
        findings.append(exact("stored_as_paid", table, float(wrong), 0.0))
    return [*findings, exact("budget", "account-year", dearest, session.policy.releases.budget.epsilon)]


def _digests(session: Session, table: str, day: date) -> list[str]:
    return [sha256(file.read_bytes()).hexdigest() for file in session.lake.files(table, [day])]
