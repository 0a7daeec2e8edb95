"""Individual accounting: what a day costs one account exactly, and the largest weight that its allowance pays for.

A day's release costs an account with k cells of weight w (64ths) exactly a·k·w² + b·(kept² + cut²) in squared mu, with
a and b from the scales of the noise alone. Costs are whole units, 1/`DAY` of what a day brings, each rounded up, so
that sums are exact. An account is known by what it `owes`: 0 where its allowance is full, which is where all begin.
Each charge of the ledger takes `DAY` off what each account owes; a day's weight is the largest whose price keeps it
from owing more than carry_days · DAY. The least weights, those of `weights`, always fit (docs/privacy-proofs.md, 8).

Where tables of a family have one allowance, costs are units of 1/`SHARED` of it, and each charge takes off what its own
table brings.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from hashlib import sha256
from math import inf, nextafter, sqrt

import numpy as np
import pyarrow as pa

from ..release_policy import Releases, TableStatement
from .accountant import squared_mu
from .charges import Spend
from .mechanism import mechanism_of, spend_of, weights_of
from .noise import Integers
from .weights import ONE

DAY = 1 << 20
"""Units of cost that one charge of the ledger brings each account, where the allowance is a table's own."""

SHARED = 1 << 24
"""Units of cost in an allowance that is a family's."""

_FAMILY_DIGITS = 16


@dataclass(frozen=True)
class Terms:
    """By what a statement's accounts pay.

    prices: shape (cells + 1, 65), units that weight w costs an account with so many cells; more than `full` where the
    weight is not allowed. An account with more cells than there are rows counts for nothing. unit: squared mu of one.
    full: units of a full allowance, the most that an account may owe. day: units that one charge brings. digest: names
    these terms; charges and odometers of other terms have nothing to do with these. family: whose the allowance is,
    where it is not the table's own; order: the tables that share it, as a night debits them.
    """

    digest: str
    unit: Fraction
    full: int
    day: int
    most_cells: int
    prices: Integers
    _afforded: Integers
    family: str | None = None
    order: tuple[str, ...] = ()

    @property
    def daily(self) -> Fraction:
        """Squared mu of what one charge brings."""
        return self.day * self.unit

    @property
    def standing(self) -> float:
        """Squared mu that any run of charges costs an account at most beyond its charges, if this one begins it."""
        return float((self.full - self.day) * self.unit)

    def owner(self, name: str) -> str:
        """Whose odometer a table of these terms is debited to: its family's, or its own."""
        return self.family or name

    def brought(self, owed: Integers) -> Integers:
        """What accounts owe after one more charge."""
        return np.maximum(owed - self.day, 0)

    def weights(self, cells: Integers, owed: Integers) -> Integers:
        """The largest weights, 0..64, that accounts with so many cells and debts can pay for."""
        known = np.where(cells < len(self.prices), cells, 0)
        left = self.full - owed
        weights = np.zeros(len(cells), np.int64)
        # The prices that a weight or a larger one costs at least rise with the weight: its bits are found in order.
        for step in (64, 32, 16, 8, 4, 2, 1):
            tried = np.minimum(weights + step, ONE)
            fits = (weights + step <= ONE) & (self._afforded[known, tried] <= left)
            weights = np.where(fits, tried, weights)
        return weights

    def price(self, cells: Integers, weights: Integers) -> Integers:
        """Units that accounts pay; nothing for weight 0."""
        return np.asarray(np.where(weights > 0, self.prices[np.where(weights > 0, cells, 0), weights], 0))

    def totals(self, cells: Integers, weights: Integers) -> tuple[Integers, Integers]:
        """What each account adds to the two totals: kept and cut, as in `weight_table`."""
        kept = cells * weights
        return kept, np.where(weights > 0, ONE * np.minimum(cells, self.most_cells) - kept, 0)


def terms_of(statement: TableStatement) -> Terms:
    """The terms of a statement with an allowance: a function of the statement alone, never of data."""
    return _terms(statement.model_dump_json())


def units_a_day(releases: Releases, owner: str) -> int:
    """Units that a day brings to an odometer: of a table by itself, or of the tables of a family together."""
    family = releases.budget.families.get(owner)
    if family is None or family.allowance is None:
        return DAY
    return sum(terms_of(releases.tables[table]).day for table in family.allowance.tables)


def allowance_spend(name: str, statement: TableStatement) -> Spend:
    """What the ledger is told of one partition within allowances."""
    terms, plain = terms_of(statement), spend_of(statement)
    whose = f"allowances of {terms.full // DAY} days" if terms.family is None else f"an allowance of {terms.family}"
    bounds = f"{whose} at most, a day brings squares of {statement.squared_norm}"
    return replace(
        plain,
        # A day's weights depend on the account's days before.
        unit="account",
        bounds=f"{bounds} over cells, {statement.most_cells} cells;{plain.bounds.partition(';')[2]}",
        mu=plain.mu if terms.family is None else max(plain.mu, nextafter(sqrt(terms.daily), inf)),
        family=f"{terms.owner(name)}/{terms.digest}",
        standing=terms.standing,
    )


@lru_cache(maxsize=16)
def _terms(statement_json: str) -> Terms:
    statement = TableStatement.model_validate_json(statement_json)
    if statement.allowance is None:
        raise ValueError("a statement without an allowance has no terms")
    mechanism, least = mechanism_of(statement), weights_of(statement)
    per_square = Fraction(0)
    for part, measure in zip(mechanism.sums, statement.measures.values(), strict=True):
        reach = max(abs(measure.least - part.centre), abs(measure.most - part.centre))
        per_square += squared_mu(reach * reach, part.sigma)
    per_total = squared_mu(1, mechanism.totals_sigma)
    pairs = zip(least["kept"].to_pylist(), least["cut"].to_pylist(), strict=True)
    farthest = max(kept * kept + cut * cut for kept, cut in pairs)
    daily = per_square * ONE * ONE * statement.squared_norm + per_total * farthest
    shared, carry = statement.allowance.shared, statement.allowance.carry_days or 0
    unit = daily / DAY if shared is None else Fraction(shared.mu) ** 2 / SHARED
    full = carry * DAY if shared is None else SHARED
    prices = _prices(per_square / unit, per_total / unit, least.num_rows, statement.most_cells, full + 1)
    # Of each weight the least price of it and all larger ones.
    afforded = np.minimum.accumulate(prices[:, ::-1], axis=1)[:, ::-1]
    if shared is None:
        told: tuple[object, ...] = (per_square, per_total, daily, carry, statement.most_cells, least.num_rows, DAY)
        return Terms(_digest(told), unit, full, DAY, statement.most_cells, prices, afforded)
    # What one charge brings is rounded down, but never below what the least weights cost, each price rounded up.
    of_least = prices[least["cells"].to_numpy(), least["weight"].to_numpy()]
    day = max(int(daily / unit), int(of_least.max()))
    if day > full:
        raise ValueError("one day of a table costs more than the whole allowance of its family")
    # Of prices the digest knows nothing: what an account owes is owed whatever a table's later terms are.
    digest = _digest((statement.allowance.family, unit, SHARED))
    return Terms(
        digest, unit, full, day, statement.most_cells, prices, afforded, statement.allowance.family, shared.tables
    )


def _digest(told: tuple[object, ...]) -> str:
    return sha256(repr(told).encode()).hexdigest()[:_FAMILY_DIGITS]


def _prices(per_square: Fraction, per_total: Fraction, last: int, most_cells: int, never: int) -> Integers:
    """Prices by number of cells 0..last and weight 0..64, rounded up, at most `never`; all in units."""
    below = per_square.denominator * per_total.denominator
    by_square, by_total = (
        per_square.numerator * per_total.denominator,
        per_total.numerator * per_square.denominator,
    )
    prices = np.full((last + 1, ONE + 1), never, np.int64)
    prices[:, 0] = 0
    for cells in range(1, last + 1):
        counted = ONE * min(cells, most_cells)
        # A weight that would count more than K cells would make the cut negative.
        for weight in range(1, min(ONE, counted // cells) + 1):
            kept = cells * weight
            cost = by_square * cells * weight * weight + by_total * (kept * kept + (counted - kept) ** 2)
            prices[cells, weight] = min(never, -(-cost // below))
    return prices


def least_weights(statement: TableStatement, cells: Integers) -> Integers:
    """The weights of accounts that have one day's allowance: what a day is paid for with that comes out of order."""
    weights = np.concatenate([[0], weights_of(statement)["weight"].to_numpy()])
    return np.asarray(weights[np.where(cells < len(weights), cells, 0)])


def weight_rows(sizes: pa.Table, kept: Integers, cut: Integers, weights: Integers) -> pa.Table:
    """Rows of account_key, day and cells with their weights, for `bounded_sums`; those of weight 0 are left out."""
    columns = {"weight": weights, "kept": kept, "cut": cut}
    table = sizes.select(["account_key", "day", "cells"])
    for name, column in columns.items():
        table = table.append_column(name, pa.array(column, pa.int64()))
    return table.filter(pa.array(weights > 0))
