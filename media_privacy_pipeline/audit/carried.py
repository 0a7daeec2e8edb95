"""Allowances, tried by the real releases: whoever is dropped, no run of days moves further than its days and what was
carried into them pay for. Exact, hence without false alarms."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import date, timedelta
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..engines import Engine
from ..privacy import BudgetLedger, Source, Stored
from ..privacy.contributions import BoundedSums, domain_of
from ..privacy.mechanism import mechanism_of
from ..privacy.noise import Noise
from ..privacy.within import release_within
from ..release_policy import Allowance, TableStatement
from . import declared
from .finding import Finding, exact
from .repeats import OWN_BUDGET, own_desk
from .world import START, TABLE, public_values, world

Within: TypeAlias = Callable[..., dict[date, Stored]]

_TARGETS = ("one_cell", "K_cells_and_one", "at_the_top", "everything_often")
_MORE_DAYS = 4
_MOST_DAYS = 14
"""Tried at most: who is everywhere has used up a family's allowance before."""


def check_carried(
    name: str, statement: TableStatement, engine: Engine, work: Path, within: Within = release_within
) -> list[Finding]:
    """One finding where the statement has an allowance: the most that dropping a planted account costs over any run of
    days, as a fraction of what the run may cost; the limit is 1.

    Everybody comes every day, for some days more than an allowance lasts.
    """
    if statement.allowance is None:
        return []
    carry, public = _carry(statement, statement.allowance), public_values(statement)
    days = [START + timedelta(days=n) for n in range(min(ceil(carry), _MOST_DAYS) + _MORE_DAYS)]
    rows = world(statement, domain_of(statement, public))

    def sums_of(people: pa.Table) -> list[BoundedSums]:
        every = pa.concat_tables(
            people.append_column("day", pa.array([day] * people.num_rows, pa.date32())) for day in days
        )
        seen: dict[date, BoundedSums] = {}

        def making(day: date, sums: BoundedSums) -> Callable[[Noise], pa.Table]:
            seen[day] = sums
            return lambda noise: pa.table({"nothing": pa.array([], pa.int64())})

        with TemporaryDirectory(dir=work) as folder:
            ledger = BudgetLedger(f"sqlite:///{folder}/ledger.sqlite", OWN_BUDGET)
            with closing(ledger):
                source = Source(f"select * from {TABLE}", {TABLE: every})
                within(name, statement, source, own_desk(ledger, Path(folder)), engine, days, public, making)
        return [seen[day] for day in days]

    work.mkdir(parents=True, exist_ok=True)
    whole, worst = sums_of(rows), 0.0
    for target in _TARGETS:
        rest = sums_of(rows.filter(pc.not_equal(rows["account_key"], target)))
        costs = [_cost(statement, one, other) for one, other in zip(whole, rest, strict=True)]
        worst = max(worst, *_by_run(costs, carry))
    return [exact("carried", name, worst, 1.0)]


def _carry(statement: TableStatement, allowance: Allowance) -> float:
    """How many days' worth of this table a full allowance holds."""
    if allowance.shared is None:
        return float(allowance.carry_days or 0)
    return allowance.shared.mu**2 / _brought(statement)


def _by_run(costs: list[float], carry: float) -> Iterable[float]:
    """What each run of days cost, as a fraction of what it may."""
    total = np.concatenate([[0.0], np.cumsum(costs)])
    for first in range(len(costs)):
        for last in range(first, len(costs)):
            yield float(total[last + 1] - total[first]) / (last - first + carry)


def _brought(statement: TableStatement) -> float:
    """What one day of a table brings, in squared mu by the scales that are drawn."""
    mechanism = mechanism_of(statement)
    squares = [declared.sensitivity(statement, part.name) ** 2 / (part.sigma**2 - 4) for part in mechanism.sums]
    return sum(squares) + declared.totals_sensitivity(statement) ** 2 / (mechanism.totals_sigma**2 - 4)


def _cost(statement: TableStatement, one: BoundedSums, other: BoundedSums) -> float:
    """What an account cost on a day, in what one day brings: both by the scales that are drawn."""
    mechanism, paid = mechanism_of(statement), 0.0
    for row, part in zip(one.values - other.values, mechanism.sums, strict=True):
        paid += sum(x * x for x in row.tolist()) / (part.sigma**2 - 4)
    paid += sum(x * x for x in (one.totals - other.totals).tolist()) / (mechanism.totals_sigma**2 - 4)
    return float(paid / _brought(statement))
