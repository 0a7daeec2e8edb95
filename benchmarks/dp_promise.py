"""What every side of `benchmarks.dp` promises, and the statement by which ours does.

One account, epsilon 1 at delta 1e-9 over the seven days; plays clipped to 3 and seconds to 7,200 an account and cell.
Everything else is a side's own choice. Ours (squared norm, cells, split) was chosen on the inputs of seed 7 and is
measured on those of another seed.
"""

from __future__ import annotations

from media_privacy_pipeline.privacy.accountant import delta_of
from media_privacy_pipeline.release_policy import Budget, TableStatement

from .dp_inputs import ACCOUNTS, DAYS, World

EPSILON, DELTA = 1.0, 1e-9
MOST_PLAYS, MOST_SECONDS = 3, 7_200
CELLS = 20
"""The bound on an account's cells that the spec names for whoever bounds by sampling."""
BEST_CELLS = 400
"""The bound at which sampling errs least on the inputs of seed 7 (tried: 20, 100, 200, 400, 800)."""
SHARES = {"viewers": 0.68, "plays": 0.14, "watch_seconds": 0.14}
CUT_SHARE = 0.02
BUDGET = Budget(unit="account", days=len(DAYS), epsilon=EPSILON, delta=DELTA)
COLUMNS = {"account_key": "varchar", "day": "date", "title_id": "varchar", "watch_seconds": "integer"}

SQUARED_NORM, MOST_CELLS = 400, 1_000
"""Ours, for accounts with a hundred events a week."""
_STEPS = 60


def mu_of_promise() -> float:
    """The largest mu of Gaussian privacy that costs no more than the promise."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if delta_of(middle, EPSILON) <= DELTA else (low, middle)
    return low


def statement(squared_norm: int = SQUARED_NORM, most_cells: int = MOST_CELLS) -> TableStatement:
    """The week as one partition, in which the day that an event counts to is a column of the cells."""
    return TableStatement.model_validate(
        {
            "title": "What was watched in a week, by day and title",
            "cells": {"watched_on": {"values": [day.isoformat() for day in DAYS]}, "title_id": {"of": "titles"}},
            "measures": {
                "viewers": {"budget": SHARES["viewers"]},
                "plays": {"of": "plays", "least": 1, "most": MOST_PLAYS, "budget": SHARES["plays"]},
                "watch_seconds": {"of": "watch_seconds", "most": MOST_SECONDS, "budget": SHARES["watch_seconds"]},
            },
            "squared_norm": squared_norm,
            "most_cells": most_cells,
            "mu": mu_of_promise(),
            "totals_budget": 1 - CUT_SHARE - sum(SHARES.values()),
            "cut_budget": CUT_SHARE,
        }
    )


def source_sql() -> str:
    """Events as a release reads them: all of them count to one partition, that of the last day."""
    return (
        f"select account_key, date '{DAYS[-1]}' as day, cast(day as varchar) as watched_on, title_id, 1 as plays, "
        "watch_seconds from watched"
    )


def world(kind: str, events: int, seed: int, accounts: int = ACCOUNTS) -> World:
    """An input."""
    return World(kind, events, seed, accounts)
