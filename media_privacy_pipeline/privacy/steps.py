"""The steps of a run: release each closed day of a table once, and export the ledger of charges."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Sequence
from contextlib import closing
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engines import Session, Span, StepResult
from ..errors import UsageError
from ..lake import fingerprint_of
from ..release_policy import TableStatement
from .accountant import epsilon_of
from .contributions import Source
from .desk import Desk, Stored
from .ledger import BudgetLedger, Charge, outcome
from .mechanism import mechanism_of
from .open import certificate_of, open_desk
from .plan import plan
from .release import release

_LOG = logging.getLogger(__name__)
_SOURCE = "permitted_analytics_viewing_events"
_LEDGER = "privacy_ledger"


def release_table(session: Session, span: Span, table: str) -> StepResult:
    """Release the closed days of one table and put the stored bytes in the lake, by event day.

    A day is closed consent.closing_lag_days after it ended; what arrives later is not in it. Days whose arrivals have
    not all been permitted yet wait, and so do all where the public table behind a cell column is empty.
    Raises UsageError for a table without a statement, and Refused where the budget does not allow a day.
    """
    statement = statement_of(session, table)
    closed = closed_days(session, span)
    public = public_values(session, statement)
    # What is released now is released for ever, so that a day waits for all that belongs in it.
    taken_in = frozenset(session.lake.days(_SOURCE))
    ready = [day for day in closed if all(public.values()) and has_arrived(session, day, taken_in)]
    if len(ready) < len(closed):
        _LOG.warning(
            "%s: %d closed days wait for a catalogue, or for arrival days that no run took in",
            table,
            len(closed) - len(ready),
        )
    desk = open_desk(session)
    with closing(desk.ledger):
        stored = release(
            table,
            statement,
            source_of(session, table, ready),
            desk,
            session.engine,
            days=ready,
            public=public,
        )
        stored |= _superseded(session, table, desk, frozenset(ready))
        copied = [_to_lake(session, table, day, each) for day, each in stored.items()]
        year = desk.ledger.year_epsilon(ready[-1]) if ready else 0.0
    budget = session.policy.releases.budget
    return StepResult(
        {table: session.lake.rows(table, ready)},
        skipped=not any(copied),
        metadata={
            "released_days": len(ready),
            "new_days": sum(copied),
            "waiting_days": len(closed) - len(ready),
            "epsilon_account_day": round(epsilon_of(mechanism_of(statement).mu, budget.delta), 4),
            "epsilon_account_year_to_date": round(year, 4),
            "epsilon_account_year_planned": round(plan(session.policy.releases).epsilon_year, 4),
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
    if session.lake.is_current(_LEDGER, fingerprint):
        return StepResult({_LEDGER: rows.num_rows}, skipped=True)
    with session.lake.write(_LEDGER, fingerprint) as staging:
        pq.write_table(rows, staging / "part-0.parquet", compression="zstd")
    return StepResult({_LEDGER: rows.num_rows})


def closed_days(session: Session, span: Span) -> list[date]:
    """Event days that this span closes and that lie inside what was taken in, in order."""
    lag = session.policy.consent.closing_lag_days
    taken_in = session.lake.days(_SOURCE)
    days = (day - timedelta(days=lag) for day in span.days)
    return [day for day in days if taken_in and day >= taken_in[0] and _closed_at(day, lag) <= span.as_of]


def _closed_at(day: date, lag: int) -> datetime:
    return datetime.combine(day + timedelta(days=1 + lag), time())


def _arrival_days(day: date, lag: int) -> list[date]:
    return [day + timedelta(days=n) for n in range(lag + 1)]


def has_arrived(session: Session, day: date, taken_in: frozenset[date] | None = None) -> bool:
    """Whether every arrival day that belongs to an event day has been taken in."""
    taken_in = frozenset(session.lake.days(_SOURCE)) if taken_in is None else taken_in
    return taken_in.issuperset(_arrival_days(day, session.policy.consent.closing_lag_days))


def _certified(session: Session, table: str, days: Sequence[date]) -> dict[str, str | float]:
    """What the certificate of the newest day says, and its text: the others differ by charge and digest."""
    path = certificate_of(session, table, days[-1]) if days else None
    if path is None or not path.exists():
        return {}
    document = json.loads(path.read_text(encoding="utf-8"))
    figures = {f"{name}_account_day": document[name] for name in ("epsilon_pld", "threshold_delta")}
    return {**figures, "code": document["code"], "certificate": json.dumps(document, sort_keys=True)}


def source_of(session: Session, table: str, days: Sequence[date]) -> Source:
    """The rows that count on these days: permitted, and arrived before each day was closed."""
    lag = session.policy.consent.closing_lag_days
    # A player's clock may run ahead, so that an event of a day arrives on the day before.
    ahead = {day - timedelta(days=1) for day in days}
    arrivals = sorted(ahead.union(*(_arrival_days(day, lag) for day in days)))
    contributions = session.project.render(f"{table}_contributions")
    sql = f"select * from ({contributions}) as contributions where date_diff('day', day, arrival_day) <= {lag}"
    return Source(sql, {_SOURCE: session.folder(_SOURCE, arrivals)})


def public_values(session: Session, statement: TableStatement) -> dict[str, list[str]]:
    """Values of the cell columns that come from public tables."""
    public: dict[str, list[str]] = {}
    for name, column in statement.cells.items():
        if column.of is not None:
            files = session.lake.files(column.of)
            values = (
                pa.concat_arrays(
                    [pc.unique(pq.read_table(file, columns=[name])[name].combine_chunks()) for file in files]
                )
                if files
                else pa.array([], pa.string())
            )
            public[name] = sorted(set(values.to_pylist()) - {None})
    return public


def _superseded(session: Session, table: str, desk: Desk, other: frozenset[date]) -> dict[date, Stored]:
    """The days in the lake, but for the others, whose release was superseded since it was put there."""
    standing = {
        charge.day: charge.sha256
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
    with session.lake.write(table, stored.sha256, [day], by="day") as staging:
        folder = staging / f"day={day.isoformat()}"
        folder.mkdir()
        shutil.copyfile(stored.path, folder / "part-0.parquet")
    return True


def _ledger_rows(charges: Sequence[Charge], ledger: BudgetLedger) -> pa.Table:
    delta = ledger.budget.delta
    # Many charges share a day or a mu, and the bisection behind an epsilon is the dear part.
    year = {day: ledger.year_epsilon(day) for day in {charge.day for charge in charges}}
    spends = {(charge.spend.mu, charge.spend.threshold_delta) for charge in charges}
    cost = {(mu, threshold): epsilon_of(mu, delta, threshold) for mu, threshold in spends}
    columns = {
        "release": pa.array([f"{c.name}/{c.partition}#{c.attempt}" for c in charges], pa.string()),
        "table": pa.array([c.name for c in charges], pa.string()),
        "partition": pa.array([c.partition for c in charges], pa.string()),
        "unit": pa.array([c.spend.unit for c in charges], pa.string()),
        "mechanism": pa.array([c.spend.mechanism for c in charges], pa.string()),
        "bounds": pa.array([c.spend.bounds for c in charges], pa.string()),
        "epsilon": pa.array([cost[c.spend.mu, c.spend.threshold_delta] for c in charges], pa.float64()),
        "delta": pa.array([delta] * len(charges), pa.float64()),
        "mu": pa.array([c.spend.mu for c in charges], pa.float64()),
        "cumulative_epsilon_year": pa.array([year[c.day] for c in charges], pa.float64()),
        "outcome": pa.array([outcome(charge) for charge in charges], pa.string()),
    }
    return pa.table(columns)
