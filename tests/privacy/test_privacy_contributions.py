"""Bounding finds, on both engines, exactly what the statement's arithmetic says, and no account moves it further."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from privacy_world import FIRST, events

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy import bounding_sql
from media_privacy_pipeline.privacy.contributions import BoundedSums, Source, bounded_sums, domain_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.weights import ONE, weight
from media_privacy_pipeline.release_policy import TableStatement

TITLES = {"title_id": [f"t{n:03d}" for n in range(50)]}
DAYS = [FIRST, FIRST + timedelta(days=1)]
SQL = """
select account_key, cast(started_at as date) as day, title_id, device_type as device, 1 as plays,
  watched_seconds as seconds from watched
"""


def _sums(engine: Engine, statement: TableStatement, rows: pa.Table) -> dict[date, BoundedSums]:
    return bounded_sums(engine, statement, Source(SQL, {"watched": rows}), DAYS, TITLES)


def _by_hand(statement: TableStatement, rows: pa.Table) -> dict[date, BoundedSums]:
    """The statement's arithmetic in plain Python, one account at a time."""
    cells = {tuple(row.values()): n for n, row in enumerate(domain_of(statement, TITLES).to_pylist())}
    watched: dict = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for row in rows.to_pylist():
        device = row["device_type"] if row["device_type"] in ("tv", "web") else "other"
        if (row["title_id"], device) in cells:
            mine = watched[row["account_key"], row["started_at"].date()][row["title_id"], device]
            mine[0] += 1
            mine[1] += min(row["watched_seconds"] or 0, 7200)
    found = {day: BoundedSums(np.zeros((3, len(cells)), np.int64), np.zeros(2, np.int64)) for day in DAYS}
    for (_, day), mine in watched.items():
        w = weight(len(mine), 2, 4)
        if day not in found or w == 0:
            continue
        found[day].totals[:] += [w * len(mine), ONE * min(len(mine), 4) - w * len(mine)]
        for cell, (plays, seconds) in mine.items():
            found[day].values[:, cells[cell]] += [w, w * (min(plays, 3) - 2), w * (min(seconds, 7200) - 3600)]
    return found


def test_sums_are_what_the_statement_says(engine: Engine, statement: TableStatement) -> None:
    rows = events(accounts=80, days=3)
    expected = _by_hand(statement, rows)
    for day, sums in _sums(engine, statement, rows).items():
        assert (sums.values == expected[day].values).all()
        assert (sums.totals == expected[day].totals).all()


def test_the_order_of_rows_does_not_matter(statement: TableStatement, duck: DuckDBEngine) -> None:
    rows = events(accounts=80, days=2)
    turned = rows.take(pa.array(np.random.default_rng(1).permutation(rows.num_rows)))
    one, other = _sums(duck, statement, rows), _sums(duck, statement, turned)
    assert all((one[day].values == other[day].values).all() for day in DAYS)


def test_accounts_that_share_a_hash_are_told_apart_by_their_keys(
    statement: TableStatement, duck: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, asked = events(accounts=80, days=3), []
    # Ten hashes for eighty accounts.
    monkeypatch.setattr(bounding_sql, "_HASHED", "hash(substr(account_key, 7))")
    fetch = duck.fetch
    monkeypatch.setattr(duck, "fetch", lambda sql, inputs: asked.append(sql) or fetch(sql, inputs))
    expected = _by_hand(statement, rows)
    for day, sums in _sums(duck, statement, rows).items():
        assert (sums.values == expected[day].values).all()
        assert (sums.totals == expected[day].totals).all()
    assert ["hash(" in sql for sql in asked] == [True, False]


def test_one_query_is_enough_where_no_accounts_share_a_hash(
    statement: TableStatement, duck: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    fetch = duck.fetch
    monkeypatch.setattr(duck, "fetch", lambda sql, inputs: asked.append(sql) or fetch(sql, inputs))
    _sums(duck, statement, events(accounts=80, days=3))
    assert ["hash(" in sql for sql in asked] == [True]


@pytest.mark.parametrize("account", ["a000000", "a000001", "a000002", "a000017"])
def test_no_account_moves_a_sum_further_than_declared(
    statement: TableStatement, duck: DuckDBEngine, account: str
) -> None:
    rows = events(accounts=40, days=2)
    without = rows.filter(pc.not_equal(rows["account_key"], account))
    mechanism = mechanism_of(statement)
    for day, sums in _sums(duck, statement, rows).items():
        rest = _sums(duck, statement, without)[day]
        for part, moved in zip(mechanism.sums, sums.values - rest.values, strict=True):
            assert np.sqrt((moved.astype(float) ** 2).sum()) <= part.sensitivity
        assert np.sqrt(((sums.totals - rest.totals).astype(float) ** 2).sum()) <= mechanism.totals_sensitivity


def test_an_account_of_one_cell_at_the_clip_reaches_the_declared_bound(duck: DuckDBEngine) -> None:
    bound = _one_cell_statement()
    rows = pa.table(
        {"account_key": ["a"] * 9, "day": [FIRST] * 9, "device": ["tv"] * 9, "plays": [1] * 9, "seconds": [9000] * 9}
    )
    sums = bounded_sums(duck, bound, Source("select * from watched", {"watched": rows}), [FIRST], {})[FIRST]
    reached = np.abs(sums.values).sum(axis=1)
    assert reached.tolist() == [part.sensitivity for part in mechanism_of(bound).sums]


def test_a_hostile_row_neither_overflows_nor_counts_below_zero(duck: DuckDBEngine) -> None:
    rows = pa.table(
        {
            "account_key": ["a", "a", "b", None],
            "day": [FIRST] * 4,
            "device": ["tv", "tv", None, "tv"],
            "plays": [2**62, 2**62, -5, 1],
            "seconds": pa.array([2**62, -(2**62), None, 1], pa.int64()),
        }
    )
    sums = bounded_sums(duck, _one_cell_statement(), Source("select * from watched", {"watched": rows}), [FIRST], {})
    assert sums[FIRST].values.tolist() == [[64, 0], [64, 0], [64 * 3600, 0]]


def test_a_wide_clip_holds_where_many_rows_are_added(duck: DuckDBEngine) -> None:
    wide = _one_cell_statement().model_dump()
    wide["measures"]["hours"] |= {"most": 2**20, "per": 1}
    rows = pa.table(
        {
            "account_key": ["a"] * 9,
            "day": [FIRST] * 9,
            "device": ["tv"] * 9,
            "plays": [30_000] * 9,
            "seconds": pa.array([2**40] * 9, pa.int64()),
        }
    )
    source = Source("select * from watched", {"watched": rows})
    sums = bounded_sums(duck, TableStatement.model_validate(wide), source, [FIRST], {})[FIRST]
    assert sums.values.tolist() == [[64, 0], [64, 0], [64 * 2**19, 0]]


def test_a_day_without_rows_has_zeros_for_every_cell(duck: DuckDBEngine, statement: TableStatement) -> None:
    sums = _sums(duck, statement, events(5, 1).slice(0, 0))
    assert all(not each.values.any() and each.values.shape == (3, 150) for each in sums.values())


def _one_cell_statement() -> TableStatement:
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"device": {"values": ["tv", "web"]}},
            "measures": {
                "viewers": {"budget": 0.5},
                "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.2},
                "hours": {"of": "seconds", "most": 7200, "per": 3600, "budget": 0.2},
            },
            "squared_norm": 1,
            "most_cells": 2,
            "mu": 1.0,
            "totals_budget": 0.1,
        }
    )
