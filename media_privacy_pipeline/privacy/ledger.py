"""The budget ledger: every release is charged here, in a transaction of its own, before any noise is drawn.

A charge is never taken back. One that has no stored release to show for it was wasted by a crash, and counts.
A release counts at the day that its partition stands for, and the cap holds over every window of the budget's days.
"""

from __future__ import annotations

import fcntl
import logging
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..errors import Refused, UsageError
from ..release_policy import Budget
from .accountant import epsilon_of, mu_within
from .charges import CHARGES, METADATA, SQUARE, STANDS, Charge, Spend, charge_of, standing_charges, sums
from .families import family_of, squared_share
from .ledger_schema import brought_up_to_date
from .standing import dearest_window, standing_of

_LOG = logging.getLogger(__name__)
_ADVISORY = 0x6D70_7031
"""PostgreSQL advisory locks are numbers; this one is ours."""


class BudgetLedger:
    """Charges of one installation, in SQLite or PostgreSQL by SQLAlchemy URL, under one budget."""

    def __init__(self, url: str, budget: Budget, *, create: bool = True) -> None:
        self.budget = budget
        self._url = sa.make_url(url)
        if self._url.get_backend_name() == "sqlite":
            if self._url.database in (None, "", ":memory:"):
                raise UsageError("the budget ledger must outlive the run: give it a file or a server, not memory")
            if not create and not Path(str(self._url.database)).exists():
                raise UsageError(f"{self._url.database}: there is no ledger here yet: nothing was charged")
            Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True)
        self._engine = _engine(self._url)
        with self._transaction() as connection:
            METADATA.create_all(connection)
            brought_up_to_date(connection, CHARGES)

    def close(self) -> None:
        """Give back the connections."""
        self._engine.dispose()

    @contextmanager
    def exclusive(self, name: str) -> Iterator[None]:
        """Hold a release's name alone, across processes; another holder is waited for. A dead holder holds nothing."""
        if self._url.get_backend_name() == "sqlite":
            with Path(f"{self._url.database}.{name}.lock").open("w") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                yield
        else:
            with self._engine.connect() as waiting:
                # Outside of a transaction, which would stay open for as long as noise is drawn.
                connection = waiting.execution_options(isolation_level="AUTOCOMMIT")
                key = sa.func.hashtext(name)
                connection.execute(sa.select(sa.func.pg_advisory_lock(_ADVISORY, key)))
                try:
                    yield
                finally:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(_ADVISORY, key)))

    def latest(self, name: str, partition: str) -> Charge | None:
        """The last charge for a release, or None where it was never charged."""
        query = sa.select(CHARGES).where(CHARGES.c.name == name, CHARGES.c.partition == partition)
        with self._engine.connect() as connection:
            row = connection.execute(query.order_by(CHARGES.c.attempt.desc()).limit(1)).mappings().first()
        return None if row is None else charge_of(row)

    def released(self, name: str, partition: str) -> Charge | None:
        """The charge of the release that stands, or None where nothing was released."""
        query = sa.select(CHARGES).where(CHARGES.c.name == name, CHARGES.c.partition == partition, STANDS)
        with self._engine.connect() as connection:
            row = connection.execute(query).mappings().first()
        return None if row is None else charge_of(row)

    def charges(self, name: str | None = None) -> list[Charge]:
        """Every charge (of one name), in the order in which they were made."""
        query = sa.select(CHARGES).order_by(CHARGES.c.charge_id)
        if name is not None:
            query = query.where(CHARGES.c.name == name)
        with self._engine.connect() as connection:
            return [charge_of(row) for row in connection.execute(query).mappings()]

    def charge(self, name: str, partition: str, day: date, spend: Spend, *, reason: str | None = None) -> Charge:
        """Write a charge and commit it. Raises Refused, and writes nothing, where it would pass the cap or where the
        release exists; with a `reason` to supersede it, where it does not exist."""
        with self._transaction() as connection:
            mine = (CHARGES.c.name == name, CHARGES.c.partition == partition)
            before = connection.execute(sa.select(CHARGES.c.attempt, CHARGES.c.sha256).where(*mine)).all()
            released = any(sha256 is not None for _, sha256 in before)
            if released and reason is None:
                raise Refused(f"{name} {partition}: was released already, and is released once")
            if reason is not None and not released:
                raise Refused(f"{name} {partition}: was never released, so that there is nothing to supersede")
            self._check_cap(connection, name, partition, day, spend)
            attempt = 1 + max((attempt for attempt, _ in before), default=0)
            values = {"name": name, "partition": partition, "attempt": attempt, "day": day}
            (charge_id,) = connection.execute(
                sa.insert(CHARGES).values(**values, **asdict(spend), reason=reason).returning(CHARGES.c.charge_id)
            ).one()
        if attempt > 1 and reason is None:
            _LOG.warning("%s %s: an earlier charge was wasted; this is attempt %d", name, partition, attempt)
        return Charge(charge_id, name, partition, attempt, day, spend, None, reason)

    def settle(self, charge: Charge, sha256: str) -> None:
        """Note the digest of the stored release of a charge. Raises Refused where the release exists already; a charge
        with a reason takes its place."""
        settled = sa.update(CHARGES).where(CHARGES.c.charge_id == charge.charge_id, CHARGES.c.sha256.is_(None))
        mine = (CHARGES.c.name == charge.name, CHARGES.c.partition == charge.partition, STANDS)
        try:
            with self._transaction() as connection:
                if charge.reason is not None:
                    connection.execute(sa.update(CHARGES).where(*mine).values(superseded_by=charge.charge_id))
                changed = connection.execute(settled.values(sha256=sha256)).rowcount
        except sa.exc.IntegrityError:
            changed = 0
        if changed != 1:
            raise Refused(f"{charge.name} {charge.partition}: was released already, and is released once")

    def year_mu(self, last: date) -> float:
        """What the releases of the budget's days that end with `last` cost together, wasted charges included."""
        first = last - timedelta(days=self.budget.days - 1)
        with self._engine.connect() as connection:
            squares, standing = sums(connection, SQUARE, first, last), standing_charges(connection, first, last)
        return float((sum(squares.values()) + sum(standing_of(standing.values()).values())) ** 0.5)

    def year_epsilon(self, last: date) -> float:
        """`year_mu` as the epsilon at the budget's delta: the account-year figure of reports."""
        first = last - timedelta(days=self.budget.days - 1)
        with self._engine.connect() as connection:
            thresholds = sums(connection, CHARGES.c.threshold_delta, first, last)
        return epsilon_of(self.year_mu(last), self.budget.delta, sum(thresholds.values()))

    def left(self, last: date) -> float:
        """The largest mu that one more charge on `last` could have, as far as the days that end with it go."""
        with self._engine.connect() as connection:
            first = last - timedelta(days=self.budget.days - 1)
            thresholds = sum(sums(connection, CHARGES.c.threshold_delta, first, last).values())
        most = mu_within(self.budget.epsilon, self.budget.delta, thresholds)
        return float(max(0.0, most**2 - self.year_mu(last) ** 2) ** 0.5)

    def _check_cap(self, connection: sa.Connection, name: str, partition: str, day: date, spend: Spend) -> None:
        reach = timedelta(days=self.budget.days - 1)
        squares, thresholds = (
            defaultdict(float, sums(connection, column, day - reach, day + reach))
            for column in (SQUARE, CHARGES.c.threshold_delta)
        )
        standing = standing_charges(connection, day - reach, day + reach)
        squares[day] += spend.mu**2
        thresholds[day] += spend.threshold_delta
        if spend.family is not None:
            standing[day] = standing_of([standing.get(day, {}), {spend.family: spend.standing}])
        self._check_share(connection, name, partition, day, spend)
        # The dearest windows of the two may be two: then what both cost together is more than any window does.
        mu = dearest_window(day, self.budget.days, squares, standing) ** 0.5
        cost = epsilon_of(mu, self.budget.delta, dearest_window(day, self.budget.days, thresholds, {}))
        if cost > self.budget.epsilon:
            raise Refused(
                f"{name} {partition}: would take what {self.budget.days} days of releases cost one {self.budget.unit} "
                f"to epsilon {cost:.3f} at delta {self.budget.delta:g}, over the cap of {self.budget.epsilon:g}; "
                "no noise was drawn. Raise releases.budget in the policy, or lower the mu of its releases"
            )

    def _check_share(self, connection: sa.Connection, name: str, partition: str, day: date, spend: Spend) -> None:
        """Raise Refused where the members of the release's family would pass what the family may take."""
        family = family_of(self.budget, name)
        if family is None:
            return
        members = CHARGES.c.name.in_(self.budget.families[family].members)
        reach = timedelta(days=self.budget.days - 1)
        squares = defaultdict(float, sums(connection, SQUARE, day - reach, day + reach, members))
        standing = standing_charges(connection, day - reach, day + reach, members)
        squares[day] += spend.mu**2
        if spend.family is not None:
            standing[day] = standing_of([standing.get(day, {}), {spend.family: spend.standing}])
        cost, most = dearest_window(day, self.budget.days, squares, standing), squared_share(self.budget, family)
        if cost > most:
            raise Refused(
                f"{name} {partition}: would take the squared mu of {family} in {self.budget.days} days to {cost:.4f}, "
                f"over the {most:.4f} that its share of the budget is; no noise was drawn. Give the family a larger "
                "share in the policy, releases.budget.families, or lower the mu of its releases"
            )

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        """A transaction that no other one of the ledger overlaps: what it reads is still true when it writes."""
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY)))
            yield connection


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url)
    engine = sa.create_engine(url, connect_args={"timeout": 60})

    # The driver would begin late and lock later still; two readers of one balance could then both spend it.
    @sa.event.listens_for(engine, "connect")
    def _no_implicit_begin(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("pragma synchronous = full")

    @sa.event.listens_for(engine, "begin")
    def _begin_immediate(connection: sa.Connection) -> None:
        connection.exec_driver_sql("begin immediate")

    return engine
