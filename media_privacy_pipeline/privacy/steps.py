"""The steps of a run: release each closed day of a table once, and export the ledger of charges."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from typing import Any

import pyarrow as pa

from ..engines import Session, Span, StepResult
from ..errors import UsageError
from ..lake import fingerprint_of
from ..release_policy import TableStatement
from .charges import Charge, outcome
from .closed import closed_partitions, counted_by, have_arrived
from .desk import Desk, Stored
from .ledger import BudgetLedger
from .open import certificate_of, open_desk
from .periods import days_of, last_day
from .plan import plan
from .release import release
from .standing import epsilons_of
from .statement_inputs import public_values, source_of

_LOG = logging.getLogger(__name__)
_LEDGER = "privacy_ledger"
_DAYS_AT_ONCE = 28


def release_table(session: Session, span: Span, table: str) -> StepResult:
    """Release the closed days (or periods) of one table and put the stored bytes in the lake, by (first) event day.

    A day is closed consent.closing_lag_days after it ended; what arrives later is not in it. Days whose arrivals have
    not all been permitted yet wait, and so do all where the public table behind a cell column is empty.
    Raises UsageError for a table without a statement, and Refused where the budget does not allow a day.
    """
    statement = statement_of(session, table)
    counted = counted_by(session, table)
    closed = closed_partitions(session, span, statement, counted)
    public = public_values(session, statement)
    # What is released now is released for ever, so that a day waits for all that belongs in it.
    taken_in = frozenset(session.lake.days(counted))
    listed = all(public.values())
    ready = [day for day in closed if listed and have_arrived(session, days_of(statement, [day]), taken_in)]
    if len(ready) < len(closed):
        _LOG.warning(
            "%s: %d closed days or periods wait for a catalogue, or for arrival days that no run took in",
            table,
            len(closed) - len(ready),
        )
    desk = open_desk(session)
    with closing(desk.ledger):
        # Weights within allowances are a row an account and day, which many days of are too much for the memory.
        size = max(1, len(ready)) if statement.allowance is None else _DAYS_AT_ONCE
        stored: dict[date, Stored] = {}
        for part in (ready[n : n + size] for n in range(0, len(ready), size)):
            source = source_of(session, table, days_of(statement, part))
            stored |= release(table, statement, source, desk, session.engine, days=part, public=public)
        stored |= _superseded(session, table, desk, frozenset(ready))
        copied = [_to_lake(session, table, day, each) for day, each in stored.items()]
        year = desk.ledger.year_epsilon(last_day(statement, ready[-1])) if ready else 0.0
    budget = session.policy.releases.budget
    planned = plan(session.policy.releases)
    line = next(each for each in planned.lines if each.name == table)
    return StepResult(
        {table: session.lake.rows(table, ready)},
        skipped=not any(copied),
        metadata={
            "released_days": len(ready),
            "new_days": sum(copied),
            "waiting_days": len(closed) - len(ready),
            "unit": line.unit,
            "epsilon_one_release": round(line.epsilon, 4),
            "epsilon_account_year_to_date": round(year, 4),
            "epsilon_account_year_planned": round(planned.epsilon_year, 4),
            "delta": budget.delta,
            **_certified(session, table, ready),
        },
    )


def statement_of(session: Session, table: str) -> TableStatement:
    """A table's statement. Raises UsageError that names those there are where it has none."""
    statement = session.policy.releases.tables.get(table)
    if statement is None:
        known = ", ".join(sorted(session.policy.releases.tables))
        raise UsageError(f"{table}: the policy has no statement for it under releases.tables; it has {known}")
    return statement


def export_ledger(session: Session, span: Span) -> StepResult:
    """Write the charges of every release as the lake table privacy_ledger."""
    budget = session.policy.releases.budget
    with closing(BudgetLedger(session.settings.budget_ledger, budget)) as ledger:
        charges = ledger.charges()
        rows = _ledger_rows(charges, ledger)
    fingerprint = fingerprint_of(rows.schema.to_string(), rows.to_pylist())
    wrote = session.snapshot(_LEDGER, fingerprint, rows)
    return StepResult({_LEDGER: rows.num_rows}, skipped=not wrote)


def _certified(session: Session, table: str, days: Sequence[date]) -> dict[str, str | float | dict[str, Any]]:
    """What the certificate of the newest day says, and itself: the others differ by charge and digest."""
    path = certificate_of(session, table, days[-1]) if days else None
    if path is None or not path.exists():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    figures = {f"{name}_one_release": document[name] for name in ("epsilon_pld", "threshold_delta")}
    return {**figures, "code": document["code"], "certificate": document}


def _superseded(session: Session, table: str, desk: Desk, other: frozenset[date]) -> dict[date, Stored]:
    """Days (first days of periods) in the lake, but for the others, whose release was superseded since."""
    standing = {
        date.fromisoformat(charge.partition): charge.sha256
        for charge in desk.ledger.charges(table)
        if charge.sha256 is not None and charge.superseded_by is None
    }
    there = session.lake.fingerprints(table).items()
    changed = [day for day, sha256 in there if day not in other and standing.get(day, sha256) != sha256]
    found = {day: desk.find(table, day.isoformat()) for day in changed}
    return {day: stored for day, stored in found.items() if stored is not None}


def _to_lake(session: Session, table: str, day: date, stored: Stored) -> bool:
    """Put a stored release in the lake; False where it is there already."""
    if session.lake.is_current(table, stored.sha256, [day]):
        return False
    by = session.project.contracts[table].meta.partition_by or "day"
    with session.lake.write(table, stored.sha256, [day], by=by) as staging:
        folder = staging / f"{by}={day.isoformat()}"
        folder.mkdir()
        shutil.copyfile(stored.path, folder / "part-0.parquet")
    return True


def _ledger_rows(charges: Sequence[Charge], ledger: BudgetLedger) -> pa.Table:
    delta = ledger.budget.delta
    # Many charges share a day, and the bisection behind an epsilon is the dear part.
    year = {day: ledger.year_epsilon(day) for day in {charge.day for charge in charges}}
    columns = {
        "release": pa.array([f"{c.name}/{c.partition}#{c.attempt}" for c in charges], pa.string()),
        "table": pa.array([c.name for c in charges], pa.string()),
        "partition": pa.array([c.partition for c in charges], pa.string()),
        "unit": pa.array([c.spend.unit for c in charges], pa.string()),
        "mechanism": pa.array([c.spend.mechanism for c in charges], pa.string()),
        "bounds": pa.array([c.spend.bounds for c in charges], pa.string()),
        "epsilon": pa.array(epsilons_of((c.spend for c in charges), delta), pa.float64()),
        "delta": pa.array([delta] * len(charges), pa.float64()),
        "mu": pa.array([c.spend.mu for c in charges], pa.float64()),
        "cumulative_epsilon_year": pa.array([year[c.day] for c in charges], pa.float64()),
        "outcome": pa.array([outcome(charge) for charge in charges], pa.string()),
    }
    return pa.table(columns)
