"""`release` for a statement with an allowance: weigh accounts by what they have left, debit them before noise is drawn.

The order for each day is: charge committed, odometer debited and on the disk, noise drawn, stored, settled. A crash
keeps whatever was done of it, so that an account may lose allowance and never gain any.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..engines import Reader
from ..errors import UsageError
from ..release_policy import TableStatement
from .allowances import Terms, allowance_spend, least_weights, terms_of, weight_rows
from .charges import Charge
from .contributions import BoundedSums, Source, bounded_sums, cells_of_accounts, positions
from .desk import Desk, Order, Stored
from .mechanism import certified_terms, spend_of
from .noise import Integers, Noise
from .odometers import Odometer, Odometers, check_belongs

Making = Callable[[date, BoundedSums], Callable[[Noise], pa.Table]]


def release_within(
    name: str,
    statement: TableStatement,
    source: Source,
    desk: Desk,
    engine: Reader,
    days: Iterable[date],
    public: Mapping[str, Sequence[str]],
    making: Making,
) -> dict[date, Stored]:
    """The released partition of each day; new ones from two scans of `source`.

    A day before the last one that was debited comes out of order: it is weighed and charged as a table without an
    allowance would be, and touches no odometer. So is, where tables of a family have one allowance, the last day itself
    if a table that is later in their order was debited for it. Raises Refused where the budget does not allow a day,
    and where odometer and ledger do not belong together; UsageError for a desk without odometers.
    """
    if desk.odometers is None:
        raise UsageError(f"{name}: its statement has an allowance; give the desk odometers to keep what accounts owe")
    family = terms_of(statement).family
    if family is not None and name not in terms_of(statement).order:
        raise UsageError(f"{name}: has no part in the allowance of {family} that its statement names")
    with _alone(desk, name, statement):
        found = {day: desk.find_alone(name, day.isoformat()) for day in sorted(set(days))}
        released = {day: stored for day, stored in found.items() if stored is not None}
        missing = [day for day in found if day not in released]
        if missing:
            terms, certified = terms_of(statement), certified_terms(statement, desk.ledger.budget)
            odometer, last = _odometer(name, statement, desk, desk.odometers, missing)
            book = _Book(name, terms, desk.odometers, odometer, last)
            sizes = cells_of_accounts(engine, statement, source, missing, public)
            weights = book.weigh(sizes, missing, statement)
            for day, sums in bounded_sums(engine, statement, source, missing, public, weights).items():
                late = book.is_late(day)
                spend = spend_of(statement) if late else allowance_spend(name, statement)
                debit = None if late else book.debit
                order = Order(name, day.isoformat(), day, spend, making(day, sums), certified)
                released[day] = desk.pay_alone(order, debit)
    return dict(sorted(released.items()))


@contextmanager
def _alone(desk: Desk, name: str, statement: TableStatement) -> Iterator[None]:
    """Hold a table's name alone, and what accounts owe with it: its own name, or then its family's."""
    family = terms_of(statement).family
    with desk.ledger.exclusive(name):
        if family is None:
            yield
        else:
            with desk.ledger.exclusive(f"family {family}"):
                yield


def _odometer(
    name: str, statement: TableStatement, desk: Desk, odometers: Odometers, missing: Sequence[date]
) -> tuple[Odometer | None, str]:
    """The odometer that these days are debited to, checked against the ledger, and which table was the last that was;
    None and this table where they begin one."""
    terms, family = terms_of(statement), allowance_spend(name, statement).family
    owner = terms.owner(name)
    odometer = odometers.find(owner, terms.digest)
    everyone = desk.ledger.charges(None if terms.family else name)
    charges = [charge for charge in everyone if charge.spend.family == family]
    # No window of the budget holds both these days and charges from farther off.
    reach = timedelta(days=desk.ledger.budget.days)
    near = [charge for charge in charges if missing[0] - reach < charge.day < missing[-1] + reach]
    drawn = {charge.charge_id for charge in near if desk.is_drawn(charge)}
    check_belongs(owner, odometer, charges, drawn)
    # A table that has part in a family's allowance may have had one of its own before.
    for former in {owner, name}:
        odometers.drop_older(former, terms.digest, missing[0] - reach)
    if odometer is None:
        return None, name
    return odometer, next(charge.name for charge in charges if charge.charge_id == odometer.charge_id)


def full_weights(
    engine: Reader, statement: TableStatement, source: Source, days: Sequence[date], public: Mapping[str, Sequence[str]]
) -> pa.Table:
    """The weights of accounts that owe nothing on any of the days, as `bounded_sums` takes them."""
    terms, sizes = terms_of(statement), cells_of_accounts(engine, statement, source, days, public)
    cells: Integers = sizes["cells"].to_numpy().astype(np.int64)
    weights = terms.weights(cells, np.zeros(len(cells), np.int64))
    return weight_rows(sizes, *terms.totals(cells, weights), weights)


class _Book:
    """What accounts owe while the days of a run are weighed, and again while they are paid for, one after another."""

    def __init__(
        self, name: str, terms: Terms, odometers: Odometers, odometer: Odometer | None, last_table: str
    ) -> None:
        self._owner, self._terms, self._odometers = terms.owner(name), terms, odometers
        self._last = date.min if odometer is None else odometer.day
        # A table that has no part any more came last.
        places = {table: place for place, table in enumerate(terms.order)}
        self._overtaken = bool(places) and places.get(last_table, len(places)) > places[name]
        self._accounts = pa.array([], pa.string()) if odometer is None else odometer.accounts
        self._owed: Integers = np.zeros(0, np.int64) if odometer is None else odometer.owed
        self._debits: dict[date, tuple[Integers, Integers]] = {}

    def is_late(self, day: date) -> bool:
        """Whether a day comes before the last that was debited ahead of this run, or this table before the others that
        the last day was debited for."""
        return day < self._last or (day == self._last and self._overtaken)

    def weigh(self, sizes: pa.Table, days: Sequence[date], statement: TableStatement) -> pa.Table:
        """The weights of every account on every day: as if each day were paid for in turn, which then happens."""
        self._take_in(sizes)
        who = positions(sizes["account_key"].cast(pa.string()), self._accounts)
        cells: Integers = sizes["cells"].to_numpy().astype(np.int64)
        day_of = positions(sizes["day"].cast(pa.date32()), pa.array(days, pa.date32()))
        in_order = np.argsort(day_of, kind="stable")
        ends = np.searchsorted(day_of[in_order], np.arange(len(days) + 1))
        weights, owed = np.zeros(len(cells), np.int64), self._owed
        for number, day in enumerate(days):
            rows = in_order[ends[number] : ends[number + 1]]
            if self.is_late(day):
                weights[rows] = least_weights(statement, cells[rows])
                continue
            owed = self._terms.brought(owed)
            weights[rows] = self._terms.weights(cells[rows], owed[who[rows]])
            self._debits[day] = (who[rows], self._terms.price(cells[rows], weights[rows]))
            owed = _added(owed, *self._debits[day])
        return weight_rows(sizes, *self._terms.totals(cells, weights), weights)

    def debit(self, charge: Charge) -> None:
        """Debit the day of a charge, and have it on the disk before anything else happens."""
        self._owed = _added(self._terms.brought(self._owed), *self._debits.pop(charge.day))
        owing = self._owed > 0
        accounts = self._accounts.filter(pa.array(owing))
        odometer = Odometer(charge.charge_id, charge.day, accounts, self._owed[owing])
        self._odometers.write(self._owner, self._terms.digest, odometer)

    def _take_in(self, sizes: pa.Table) -> None:
        """Accounts that owe nothing get a place."""
        seen = sizes["account_key"].cast(pa.string())
        known = pc.is_in(seen, value_set=self._accounts)
        new = pc.unique(seen.filter(pc.invert(known)))
        self._accounts = pa.concat_arrays([self._accounts, *_chunks(new)])
        self._owed = np.concatenate([self._owed, np.zeros(len(new), np.int64)])


def _added(owed: Integers, who: Integers, prices: Integers) -> Integers:
    """Debts with the prices of one day added; an account has one row a day."""
    added = owed.copy()
    added[who] += prices
    return added


def _chunks(values: pa.Array | pa.ChunkedArray) -> list[pa.Array]:
    return values.chunks if isinstance(values, pa.ChunkedArray) else [values]
