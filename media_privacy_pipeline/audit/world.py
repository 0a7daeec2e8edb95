"""A fixed synthetic world for any statement: ordinary accounts, and planted ones at every edge of the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..release_policy import TableStatement

START = date(2000, 1, 1)
TABLE = "audit_world"
_SEED = 20_000
_ACCOUNTS = 200
_PUBLIC = 300


def public_values(statement: TableStatement) -> dict[str, list[str]]:
    """Made-up values for the cell columns that come from public tables, or from people; and what a rollup groups by."""
    values = {
        name: [f"{name}-{n:03d}" for n in range(_PUBLIC)]
        for name, column in statement.cells.items()
        if not column.values
    }
    return values if statement.rollup is None else {**values, statement.rollup.by: [f"{n % 9}" for n in range(_PUBLIC)]}


def planted(statement: TableStatement, domain: int) -> dict[str, tuple[int, int]]:
    """Accounts at the edges, as (cells, rows a cell): the heaviest, the lightest, and around each bound."""
    m, most = statement.squared_norm, statement.most_cells
    sizes = {"one_cell": 1, "m_cells": m, "m_cells_and_one": m + 1, "K_cells": most, "K_cells_and_one": most + 1}
    edges = {name: (min(cells, domain), 1) for name, cells in sizes.items()}
    return edges | {
        "one_cell_often": (1, 50),
        "everything_often": (domain, 3),
        "twice_K_cells": (min(2 * most, domain), 2),
    }


def world(statement: TableStatement, domain: pa.Table) -> pa.Table:
    """Rows of one day: account_key, the cell columns, and the columns that the measures sum.

    Planted accounts go to the clips: alternately far above the most and at nothing.
    """
    rng = np.random.default_rng(_SEED)
    accounts: list[str] = []
    cells: list[int] = []
    for name, (count, rows) in planted(statement, domain.num_rows).items():
        accounts += [name] * (count * rows)
        cells += list(range(count)) * rows
    ordinary = rng.integers(0, _ACCOUNTS, 3 * _ACCOUNTS)
    accounts += [f"ordinary-{n}" for n in ordinary]
    cells += rng.integers(0, domain.num_rows, ordinary.size).tolist()
    rows = domain.take(pa.array(cells)).append_column("account_key", pa.array(accounts))
    for column in sorted({measure.of for measure in statement.measures.values() if measure.of is not None}):
        most = max(measure.most for measure in statement.measures.values() if measure.of == column)
        high = rng.integers(0, 2, rows.num_rows) * 10 * most
        rows = rows.append_column(column, pa.array(np.where(rng.random(rows.num_rows) < 0.5, high, most // 2)))
    return rows


def variants(rows: pa.Table, without: Sequence[str]) -> pa.Table:
    """The world once whole and once without each account, as days that follow one another from START: the bounds hold
    for a day, so that one query finds every neighbour."""
    return dated(neighbours(rows, without))


def neighbours(rows: pa.Table, without: Sequence[str]) -> list[pa.Table]:
    """The world once whole and once without each account."""
    return [rows, *(rows.filter(pc.not_equal(rows["account_key"], account)) for account in without)]


def dated(worlds: Sequence[pa.Table]) -> pa.Table:
    """Worlds as days that follow one another from START."""
    return pa.concat_tables(
        each.append_column("day", pa.array([START + timedelta(days=n)] * each.num_rows, pa.date32()))
        for n, each in enumerate(worlds)
    )
