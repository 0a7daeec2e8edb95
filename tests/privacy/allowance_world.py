"""A table within allowances whose sums are stored as they are, so that a test sees the weight of every account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.keys import Keyring
from media_privacy_pipeline.privacy import BudgetLedger, Desk, Source, Stored
from media_privacy_pipeline.privacy.allowances import terms_of
from media_privacy_pipeline.privacy.contributions import BoundedSums
from media_privacy_pipeline.privacy.noise import Noise
from media_privacy_pipeline.privacy.odometers import Odometer, Odometers
from media_privacy_pipeline.privacy.within import release_within
from media_privacy_pipeline.release_policy import Budget, TableStatement

FIRST = date(2026, 3, 1)
ACCOUNTS, EACH = 6, 12
CELLS = [f"{account}-{n}" for account in "abcdef" for n in range(EACH)]
"""Every account has cells of its own: a cell's sum is the account's weight."""
PUBLIC = {"title_id": CELLS}
KEYRING = Keyring(bytes(range(32)))


def stated(carry_days: int = 4, mu: float = 0.05) -> TableStatement:
    """One measure, bounds that bite from three cells on."""
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"title_id": {"of": "titles"}},
            "measures": {"viewers": {"budget": 0.8}},
            "squared_norm": 2,
            "most_cells": 8,
            "mu": mu,
            "totals_budget": 0.2,
            "allowance": {"carry_days": carry_days},
        }
    )


STATEMENT = stated()


def days(number: int) -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(number)]


def cells_of(account: int, day: date) -> int:
    """How many cells an account has on a day: nothing at all up to all of them, another pattern for each."""
    n = (day - FIRST).days
    patterns = [EACH, EACH if n % 7 == 6 else 0, n % 4, (n * 5) % 13, 0 if n < 5 else EACH, 1 if n < 3 else 0]
    return patterns[account]


def watched(of: Sequence[date], without: str = "") -> pa.Table:
    """A row an account, day and cell."""
    rows = [
        (name, day, f"{name}-{n}")
        for day in of
        for account, name in enumerate("abcdef")
        for n in range(cells_of(account, day))
        if name != without
    ]
    names, dates, titles = zip(*rows, strict=True)
    return pa.table({"account_key": names, "day": pa.array(dates, pa.date32()), "title_id": titles})


def desk_of(folder: Path, noise: Noise = lambda values, _: values, epsilon: float = 10) -> Desk:
    ledger = BudgetLedger(
        f"sqlite:///{folder}/privacy.sqlite", Budget(unit="account", days=365, epsilon=epsilon, delta=1e-9)
    )
    return Desk(ledger, folder / "releases", noise, odometers=Odometers(folder / "odometers", KEYRING))


def _stored_whole(_: date, sums: BoundedSums) -> Callable[[Noise], pa.Table]:
    return lambda noise: pa.table({"sums": np.concatenate([noise(sums.values[0], 1), sums.totals])})


def run(
    desk: Desk,
    engine: Engine,
    of: Sequence[date],
    *,
    statement: TableStatement = STATEMENT,
    without: str = "",
    name: str = "toy",
) -> dict[date, Stored]:
    """Release some days of the world above."""
    source = Source("select * from watched", {"watched": watched(days(40), without)})
    return release_within(name, statement, source, desk, engine, of, PUBLIC, _stored_whole)


def sums_of(stored: Stored) -> list[int]:
    """The weighted sum of every cell, kept and cut."""
    found: list[int] = pq.read_table(stored.path)["sums"].to_pylist()
    return found


def weights_of(stored: Stored) -> list[int]:
    """The weight that each account had: that of its first cell."""
    sums = sums_of(stored)
    return [max(sums[EACH * n : EACH * (n + 1)]) for n in range(ACCOUNTS)]


def odometer(desk: Desk, statement: TableStatement = STATEMENT) -> Odometer | None:
    assert desk.odometers is not None
    return desk.odometers.find("toy", terms_of(statement).digest)


def owed(desk: Desk, statement: TableStatement = STATEMENT) -> dict[str, int]:
    """What each account owes by the file."""
    found = odometer(desk, statement)
    return {} if found is None else dict(zip(found.accounts.to_pylist(), found.owed.tolist(), strict=True))


def replayed(charges: Sequence[tuple[date, bool]], statement: TableStatement = STATEMENT) -> dict[str, int]:
    """What accounts owe after charges, each with whether it was debited: in plain Python, account by account."""
    terms, found = terms_of(statement), {}
    for account, name in enumerate("abcdef"):
        debt = 0
        for day, debited in charges:
            if debited:
                debt = max(0, debt - 2**20)
                debt += price_and_weight(terms, cells_of(account, day), debt)[0]
        if debt:
            found[name] = debt
    return found


def price_and_weight(terms: object, cells: int, debt: int) -> tuple[int, int]:
    """The price of the largest weight that fits, tried one by one."""
    prices, full = terms.prices, terms.full  # type: ignore[attr-defined]
    fits = [w for w in range(65) if cells and debt + int(prices[cells, w]) <= full]
    best = max(fits, default=0)
    return int(prices[cells, best]), best
