"""Releases aggregates of people's data with differential privacy, pays for them from a budget, and keeps them.

Belongs here: bounding what an account contributes, noise, what a release costs, the ledger of charges, release-once.
Does not belong here: deciding who may be counted (consent), what is released and for how much (the policy's
`releases`), making pseudonyms (keys), or trying to break the promise (audit).

It works alone, without a landing zone, a policy file or Dagster. A statement says what is released and for how much, a
source says which rows count, the desk pays and keeps:

>>> from datetime import date
>>> from pathlib import Path
>>> from tempfile import mkdtemp
>>> import pyarrow as pa, pyarrow.parquet as pq
>>> from media_privacy_pipeline.engines.duckdb import DuckDBEngine
>>> from media_privacy_pipeline.privacy import BudgetLedger, Desk, Source, release
>>> from media_privacy_pipeline.release_policy import Budget, TableStatement
>>> statement = TableStatement.model_validate({
...     "title": "Who watched on what",
...     "cells": {"device": {"values": ["tv", "web", "other"], "other": "other"}},
...     "measures": {"viewers": {"budget": 0.6}, "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.3}},
...     "squared_norm": 1, "most_cells": 3, "mu": 0.5, "totals_budget": 0.1,
... })
>>> watched = pa.table({
...     "account_key": [f"account {n}" for n in range(1000)], "day": [date(2026, 3, 1)] * 1000,
...     "device": ["tv"] * 700 + ["web"] * 300, "plays": [1] * 1000,
... })
>>> folder = Path(mkdtemp())
>>> ledger = BudgetLedger(f"sqlite:///{folder}/privacy.sqlite", Budget(unit="account", days=365, epsilon=4, delta=1e-9))
>>> desk, engine = Desk(ledger, folder / "releases"), DuckDBEngine(folder / "work")
>>> source = Source("select * from watched", {"watched": watched})
>>> released = release("devices", statement, source, desk, engine, days=[date(2026, 3, 1)])
>>> rows = pq.read_table(released[date(2026, 3, 1)].path)
>>> rows.column_names
['device', 'viewers', 'viewers_low', 'viewers_high', 'plays', 'plays_low', 'plays_high']
>>> rows["device"].to_pylist()
['tv', 'web', 'other']
>>> round(ledger.year_epsilon(date(2026, 3, 1)), 2)  # for one account and a year, at delta 1e-9
2.9
>>> again = release("devices", statement, source, desk, engine, days=[date(2026, 3, 1)])
>>> again == released, len(ledger.charges())
(True, 1)
>>> ledger.close()
"""

from .charges import Charge, Spend
from .contributions import Source
from .desk import Desk, Stored
from .ledger import BudgetLedger
from .odometers import Odometers
from .release import release, supersede
from .vector import find_vector, part_sigma, release_vector

__all__ = [
    "BudgetLedger",
    "Charge",
    "Desk",
    "Odometers",
    "Source",
    "Spend",
    "Stored",
    "find_vector",
    "part_sigma",
    "release",
    "release_vector",
    "supersede",
]
