"""Canaries: planted accounts, each in with a fair coin, in a world of the audit's own; who can tell which ones were in?

They go the whole way of a release: bounding, noise, debiasing, rounding, and the file that is stored and paid for. The
guesses are made from that file alone. The people, the ledger and the releases of the installation are not touched.
"""

from __future__ import annotations

from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..engines import Engine
from ..privacy import BudgetLedger, Source, release
from ..privacy.accountant import epsilon_of
from ..privacy.contributions import domain_of
from ..privacy.noise import Noise, discrete_gaussian
from ..release_policy import TableStatement
from .drawn import Floats
from .finding import Finding
from .one_run import ceiling, epsilon_low
from .repeats import OWN_BUDGET, Releasing, own_desk
from .world import START, TABLE, aligned, public_values

_CANARIES = 500
_DAYS = 5
_ERROR = 0.01
_DELTA = 1e-9


def check_canaries(
    name: str,
    statement: TableStatement,
    engine: Engine,
    work: Path,
    *,
    most: int = _CANARIES,
    most_days: int = _DAYS,
    noise: Noise = discrete_gaussian,
    releasing: Releasing = release,
) -> Finding:
    """The epsilon that guessing who was in proves, at 99 % and a delta of 1e-9, against what one release claims.

    `high` is the ceiling: what the same guesses would prove if all were right, hence what the check can see at all.
    Half of the canaries are guessed about, those of which the release says most. Confirmed anew: under 1e-4 false
    alarms a table.
    """
    parts = (name, statement, engine, work, most, most_days, noise, releasing)
    finding = _audit(*parts)
    return finding if finding.passed else _audit(*parts)


def _audit(
    name: str,
    statement: TableStatement,
    engine: Engine,
    work: Path,
    most: int,
    most_days: int,
    noise: Noise,
    releasing: Releasing,
) -> Finding:
    public = public_values(statement, most)
    domain = domain_of(statement, public)
    days = [START + timedelta(days=n) for n in range(min(most_days, -(-most // domain.num_rows)))]
    # One canary a cell and day: each is in one release alone, and what is claimed of one release is claimed of it.
    shape = (len(days), domain.num_rows)
    fair = np.random.default_rng()
    present = fair.integers(0, 2, shape).astype(bool)
    rows = _rows(statement, domain, days, present)
    work.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=work) as folder:
        ledger = BudgetLedger(f"sqlite:///{folder}/ledger.sqlite", OWN_BUDGET)
        with closing(ledger):
            desk = own_desk(ledger, Path(folder), noise)
            source = Source(f"select * from {TABLE}", {TABLE: rows})
            found: Any = releasing(name, statement, source, desk, engine, days=days, public=public)
            scores = np.stack([_scores(statement, domain, pq.read_table(found[day].path)) for day in days])
    guesses, right = _guessed(scores.ravel(), present.ravel())
    delta = _DELTA + (statement.threshold_delta or 0.0)
    low = epsilon_low(present.size, guesses, right, delta, _ERROR)
    claim = epsilon_of(statement.mu, _DELTA)
    return Finding("canaries", name, low, low, ceiling(present.size, guesses, delta, _ERROR), claim, low <= claim)


def _rows(statement: TableStatement, domain: pa.Table, days: list[date], present: NDArray[np.bool_]) -> pa.Table:
    """The canaries that are in, each at the top of every clip in its one cell; and ordinary people every day, each of
    whom watches more cells than count in full: as many of them in each cell, so that only a canary sets one apart."""
    on, cell = np.nonzero(present)
    accounts = [f"canary-{n}" for n in range(on.size)]
    size = domain.num_rows
    block = min(statement.most_cells + 1, size)
    accounts += [f"ordinary-{n}" for n in range(size) for _ in range(block)] * len(days)
    everybody = (np.arange(size)[:, None] + np.arange(block)).ravel() % size
    on = np.concatenate([on, np.repeat(np.arange(len(days)), everybody.size)])
    cell = np.concatenate([cell, np.tile(everybody, len(days))])
    rows = domain.take(pa.array(cell)).append_column("account_key", pa.array(accounts))
    rows = rows.append_column("day", pa.array([days[n] for n in on], pa.date32()))
    for column in sorted({measure.of for measure in statement.measures.values() if measure.of is not None}):
        top = max(measure.most for measure in statement.measures.values() if measure.of == column)
        rows = rows.append_column(column, pa.array(np.full(on.size, top), pa.int64()))
    return rows


def _scores(statement: TableStatement, domain: pa.Table, released: pa.Table) -> Floats:
    """How much each cell of a stored release speaks for its canary: its upper ends, each by what a canary adds to it.

    Of the published figures the upper ends say most: what is published as 0 hides how far below it the noise fell.
    """
    total = np.zeros(domain.num_rows)
    for name, measure in statement.measures.items():
        column = aligned(domain, released, f"{name}_high")
        spread = float(column.std()) or 1.0
        total += (column - column.mean()) * (measure.most / measure.per) / spread**2
    return total


def _guessed(scores: Floats, present: NDArray[np.bool_]) -> tuple[int, int]:
    """Guess that the canaries of the highest quarter of scores are in, and those of the lowest not: how many guesses
    that is, and how many were right."""
    quarter = max(1, scores.size // 4)
    order = np.argsort(scores, kind="stable")
    right = int(present[order[-quarter:]].sum()) + int((~present[order[:quarter]]).sum())
    return 2 * quarter, right
