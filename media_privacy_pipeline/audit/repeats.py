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

import numpy as np
import pyarrow.parquet as pq

from ..engines import Engine, Session
from ..keys import Keyring
from ..privacy import BudgetLedger, Desk, Source, Stored, release
from ..privacy.contributions import BoundedSums, bounded_sums, domain_of
from ..privacy.mechanism import mechanism_of
from ..privacy.noise import Noise, discrete_gaussian
from ..privacy.odometers import Odometers
from ..privacy.open import open_desk
from ..privacy.weights import ONE
from ..privacy.within import full_weights
from ..release_policy import Budget, TableStatement
from .drawn import Floats
from .finding import Finding, exact
from .world import START, TABLE, aligned, public_values, variants, world

Releasing: TypeAlias = Callable[..., dict[date, Stored]]

OWN_BUDGET = Budget(unit="account", days=365, epsilon=1e6, delta=0.01)
"""The audit's own ledgers pay for synthetic people, without a cap."""

_NIGHTS = 30


def check_repeats(
    name: str,
    statement: TableStatement,
    engine: Engine,
    work: Path,
    releasing: Releasing = release,
    nights: int = _NIGHTS,
) -> list[Finding]:
    """Release a synthetic day, and again on each of `nights` later ones, every other time from other input.

    `repeats`: on how many nights the bytes differ from the first night's, and charges beyond the first. `recovered`:
    by how much the mean over all nights is nearer to the exact counts than one night is, as a fraction of one night's
    root mean squared error: nothing, where every night says the same. Both exact.
    """
    public = public_values(statement)
    domain = domain_of(statement, public)
    rows = variants(world(statement, domain), [])
    work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=work) as folder:
        ledger = BudgetLedger(f"sqlite:///{folder}/ledger.sqlite", OWN_BUDGET)
        with closing(ledger):
            desk = own_desk(ledger, Path(folder))
            contents, told = [], []
            for night in range(1 + nights):
                input_rows = rows if night % 2 == 0 else rows.slice(0, rows.num_rows // 2)
                source = Source(f"select * from {TABLE}", {TABLE: input_rows})
                stored: Any = releasing(name, statement, source, desk, engine, days=[START], public=public)[START]
                contents.append(stored.path.read_bytes())
                told.append(aligned(domain, pq.read_table(stored.path), next(iter(statement.measures))))
            differences = sum(each != contents[0] for each in contents) + len(ledger.charges()) - 1
    source = Source(f"select * from {TABLE}", {TABLE: rows})
    weights = None if statement.allowance is None else full_weights(engine, statement, source, [START], public)
    found = bounded_sums(engine, statement, source, [START], public, weights)
    recovered = _gain(_uncentred(statement, found[START]), np.stack(told))
    return [exact("repeats", name, float(differences), 0.0), exact("recovered", name, recovered, 0.0)]


def own_desk(ledger: BudgetLedger, folder: Path, noise: Noise = discrete_gaussian) -> Desk:
    """A desk of the audit's own: nothing of the installation's odometers is read or written."""
    return Desk(ledger, folder / "releases", noise, odometers=Odometers(folder / "odometers", Keyring(urandom(32))))


def _uncentred(statement: TableStatement, sums: BoundedSums) -> Floats:
    """The exact weighted sums of the same measure, in its published unit."""
    mechanism = mechanism_of(statement)
    first, measure = mechanism.sums[0], next(iter(statement.measures.values()))
    values = sums.values[0].astype(np.float64)
    if first.centre:
        values = values + first.centre * sums.values[mechanism.counts_place]
    weighted: Floats = values / (ONE * measure.per)
    return weighted


def _gain(truth: Floats, told: Floats) -> float:
    # Of all nights alike: a first night that is close by luck would hide what the others add.
    once = float((((told - truth) ** 2).mean(axis=1) ** 0.5).mean())
    often = float(((told.mean(axis=0) - truth) ** 2).mean() ** 0.5)
    # Means of equal numbers may differ from them in the last digit.
    return 0.0 if once == 0 or often >= once * (1 - 1e-9) else 1 - often / once


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
