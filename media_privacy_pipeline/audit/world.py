"""A fixed synthetic world for any statement: ordinary accounts, and planted ones at every edge of the bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ..release_policy import TableStatement

START = date(2000, 1, 1)
TABLE = "audit_world"
_SEED = 20_000
_ACCOUNTS = 200
_PUBLIC = 300
_ORDINARY = "ordinary-"


def public_values(statement: TableStatement, count: int = _PUBLIC) -> dict[str, list[str]]:
    """Made-up values for the cell columns that come from public tables, or from people, so many of each; and what a
    rollup groups by."""
    values = {
        name: [f"{name}-{n:03d}" for n in range(count)] for name, column in statement.cells.items() if not column.values
    }
    return values if statement.rollup is None else {**values, statement.rollup.by: [f"{n % 9}" for n in range(count)]}


@dataclass(frozen=True)
class Planted:
    """An account at an edge: so many cells, rows a cell, and what its rows hold of every summed column."""

    cells: int
    rows: int = 1
    values: Literal["mixed", "top", "nothing", "below", "enormous"] = "mixed"


UNLISTED = "unlisted_values"
"""The planted account whose cell columns hold what no statement lists."""


def planted(statement: TableStatement, domain: int) -> dict[str, Planted]:
    """Accounts at the edges: everything and one thing, around each bound, at and beyond each clip."""
    m, most = statement.squared_norm, statement.most_cells
    sizes = {"one_cell": 1, "m_cells": m, "m_cells_and_one": m + 1, "K_cells": most, "K_cells_and_one": most + 1}
    edges = {name: Planted(min(cells, domain)) for name, cells in sizes.items()}
    return edges | {
        "one_cell_often": Planted(1, 50),
        "everything_often": Planted(domain, 3),
        "twice_K_cells": Planted(min(2 * most, domain), 2),
        "at_the_top": Planted(min(most, domain), 1, "top"),
        "at_nothing": Planted(min(most, domain), 1, "nothing"),
        "below_nothing": Planted(1, 2, "below"),
        "enormous": Planted(1, 3, "enormous"),
        UNLISTED: Planted(min(most, domain)),
    }


def world(statement: TableStatement, domain: pa.Table) -> pa.Table:
    """Rows of one day: account_key, the cell columns, and the columns that the measures sum (64-bit, with nulls)."""
    rng = np.random.default_rng(_SEED)
    accounts: list[str] = []
    cells: list[int] = []
    for name, each in planted(statement, domain.num_rows).items():
        accounts += [name] * (each.cells * each.rows)
        cells += list(range(each.cells)) * each.rows
    ordinary = rng.integers(0, _ACCOUNTS, 3 * _ACCOUNTS)
    accounts += [f"{_ORDINARY}{n}" for n in ordinary]
    cells += rng.integers(0, domain.num_rows, ordinary.size).tolist()
    rows = domain.take(pa.array(cells)).append_column("account_key", pa.array(accounts))
    for place, (column, known) in enumerate(statement.cells.items()):
        if not known.unknown:
            listed = pc.if_else(pc.equal(rows["account_key"], UNLISTED), pa.scalar("audit-unlisted"), rows[column])
            rows = rows.set_column(place, column, listed)
    for column in sorted({measure.of for measure in statement.measures.values() if measure.of is not None}):
        most = max(measure.most for measure in statement.measures.values() if measure.of == column)
        rows = rows.append_column(column, _values(statement, domain.num_rows, accounts, most, rng))
    return rows


def extremes(rows: pa.Table) -> list[str]:
    """The ordinary accounts with the most and with the fewest rows."""
    counted = pc.value_counts(rows["account_key"].combine_chunks()).to_pylist()
    ordinary = [each for each in counted if each["values"].startswith(_ORDINARY)]
    by_rows = sorted(ordinary, key=lambda each: (each["counts"], each["values"]))
    return [by_rows[-1]["values"], by_rows[0]["values"]]


def _values(
    statement: TableStatement, domain: int, accounts: list[str], most: int, rng: np.random.Generator
) -> pa.Array:
    """A summed column: far above the clip, at nothing or within, but for those who are planted otherwise."""
    size = len(accounts)
    mixed = np.where(rng.random(size) < 0.5, rng.integers(0, 2, size) * 10 * most, most // 2)
    kinds = {name: each.values for name, each in planted(statement, domain).items()}
    fixed: dict[str, int | None] = {"top": 10 * most, "nothing": None, "below": -10 * most, "enormous": 2**62}
    chosen = (
        fixed.get(kinds.get(account, "mixed"), value) for account, value in zip(accounts, mixed.tolist(), strict=True)
    )
    return pa.array(list(chosen), pa.int64())


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


def aligned(domain: pa.Table, released: pa.Table, column: str, absent: float = 0.0) -> NDArray[np.float64]:
    """A column of a stored release by the cells of a domain, in its order; `absent` where a cell is not told."""
    names = domain.column_names
    told = dict(
        zip(
            zip(*(released[name].to_pylist() for name in names), strict=True), released[column].to_pylist(), strict=True
        )
    )
    keys = zip(*(domain[name].to_pylist() for name in names), strict=True)
    return np.array([told.get(key, absent) for key in keys], np.float64)
