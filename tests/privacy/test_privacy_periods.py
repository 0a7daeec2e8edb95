"""Periods and cuts: each row is in one period and one range, on both engines, and no account moves a sum further."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from privacy_world import events
from pydantic import ValidationError

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.privacy import Desk, Source, release
from media_privacy_pipeline.privacy.contributions import BoundedSums, bounded_sums, domain_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.periods import days_of, first_day, last_day, within
from media_privacy_pipeline.privacy.placing import placed
from media_privacy_pipeline.privacy.weights import ONE, weight
from media_privacy_pipeline.release_policy import TableStatement

TITLES = {"title_id": [f"t{n:03d}" for n in range(50)]}
MONDAYS = [date(2026, 2, 23), date(2026, 3, 2)]
SQL = """
select account_key, cast(started_at as date) as day, title_id, device_type as device, 1 as plays,
  watched_seconds as seconds from watched
"""
CUTS = (600, 3600, 9000)


@pytest.fixture
def daily_cells(statement: TableStatement) -> TableStatement:
    """A week's promise about cells of single days."""
    cells = {"day": {"of": "period"}, "title_id": {"of": "titles"}}
    return TableStatement.model_validate({**statement.model_dump(), "period": {"days": 7}, "cells": cells})


@pytest.fixture
def cut() -> TableStatement:
    """How long titles are watched on each day of a week, on which kind of device."""
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "period": {"days": 7},
            "cells": {
                "title_id": {"of": "titles"},
                "seconds": {"cuts": CUTS, "most": 20000, "quantiles": [0.5], "per": 60},
                "day": {"of": "period"},
                "device": {"values": ["tv", "other"], "other": "other"},
            },
            "measures": {"viewers": {"budget": 0.9}},
            "squared_norm": 2,
            "most_cells": 4,
            "mu": 1.0,
            "totals_budget": 0.1,
        }
    )


def _sums(engine: Engine, statement: TableStatement, rows: pa.Table) -> dict[date, BoundedSums]:
    source = placed(statement, Source(SQL, {"watched": rows}), MONDAYS)
    return bounded_sums(engine, within(statement), source, MONDAYS, TITLES)


def _by_hand(statement: TableStatement, contributed: dict) -> dict[date, BoundedSums]:
    """Bounded sums from {(account, week): {cell: (plays, seconds)}}."""
    cells = {tuple(row.values()): n for n, row in enumerate(domain_of(within(statement), TITLES).to_pylist())}
    measures = len(statement.measures)
    found = {day: BoundedSums(np.zeros((measures, len(cells)), np.int64), np.zeros(2, np.int64)) for day in MONDAYS}
    for (_, week), theirs in contributed.items():
        mine = {cell: values for cell, values in theirs.items() if cell in cells}
        w = weight(len(mine), 2, 4) if mine else 0
        if week not in found or w == 0:
            continue
        found[week].totals[:] += [w * len(mine), ONE * min(len(mine), 4) - w * len(mine)]
        for cell, (plays, seconds) in mine.items():
            values = [w, w * (min(plays, 3) - 2), w * (min(seconds, 7200) - 3600)]
            found[week].values[:, cells[cell]] += values[:measures]
    return found


def _rows(rows: pa.Table) -> list[tuple[str, date, int, dict]]:
    days = [row["started_at"].date() for row in rows.to_pylist()]
    mondays = [day - timedelta(days=day.weekday()) for day in days]
    return [
        (row["account_key"], monday, (day - monday).days, row)
        for row, day, monday in zip(rows.to_pylist(), days, mondays, strict=True)
    ]


def _same(found: dict[date, BoundedSums], expected: dict[date, BoundedSums]) -> None:
    assert any(sums.values.any() for sums in expected.values())
    for week, sums in expected.items():
        assert (found[week].values == sums.values).all()
        assert (found[week].totals == sums.totals).all()


def test_a_week_of_day_cells_is_bounded_as_a_whole(duck: DuckDBEngine, daily_cells: TableStatement) -> None:
    rows = events(accounts=40, days=9)
    watched: dict = defaultdict(lambda: defaultdict(lambda: (0, 0)))
    for account, week, place, row in _rows(rows):
        cell = (str(place), row["title_id"])
        plays, seconds = watched[account, week][cell]
        watched[account, week][cell] = (plays + 1, seconds + min(row["watched_seconds"] or 0, 7200))
    _same(_sums(duck, daily_cells, rows), _by_hand(daily_cells, watched))


def test_a_cut_is_of_the_sum_of_an_accounts_rows(engine: Engine, cut: TableStatement) -> None:
    rows = events(accounts=40, days=9)
    # In steps of 600 seconds, so that many sums are on a cut.
    steps = pc.multiply(pc.divide(rows["watched_seconds"], 600), 600)
    rows = rows.set_column(rows.column_names.index("watched_seconds"), "watched_seconds", steps)
    watched: Counter = Counter()
    for account, week, place, row in _rows(rows):
        device = "tv" if row["device_type"] == "tv" else "other"
        watched[account, week, row["title_id"], str(place), device] += row["watched_seconds"] or 0
    cells: dict = defaultdict(dict)
    for (account, week, title, place, device), seconds in watched.items():
        label = str(max([0, *(at for at in CUTS if seconds >= at)]))
        cells[account, week][title, label, place, device] = (0, 0)
    _same(_sums(engine, cut, rows), _by_hand(cut, cells))


@pytest.mark.parametrize("name", ["daily_cells", "cut"])
@pytest.mark.parametrize("account", ["a000000", "a000001", "a000009"])
def test_no_account_moves_a_weeks_sums_further_than_declared(
    name: str, account: str, duck: DuckDBEngine, request: pytest.FixtureRequest
) -> None:
    statement: TableStatement = request.getfixturevalue(name)
    rows = events(accounts=30, days=9)
    mechanism = mechanism_of(statement)
    rest = _sums(duck, statement, rows.filter(pc.not_equal(rows["account_key"], account)))
    for week, sums in _sums(duck, statement, rows).items():
        for part, moved in zip(mechanism.sums, sums.values - rest[week].values, strict=True):
            assert np.sqrt((moved.astype(float) ** 2).sum()) <= part.sensitivity
        assert np.sqrt(((sums.totals - rest[week].totals).astype(float) ** 2).sum()) <= mechanism.totals_sensitivity


@given(st.dates(), st.sampled_from([2, 7, 28]))
def test_every_day_is_in_exactly_one_period(day: date, days: int) -> None:
    statement = _of_days(days)
    first = first_day(statement, day)
    assert first <= day <= last_day(statement, first)
    assert day in days_of(statement, [first])
    assert days % 7 or first.weekday() == 0
    assert first_day(statement, first) == first


def _of_days(days: int) -> TableStatement:
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "period": {"days": days},
            "cells": {"device": {"values": ["tv", "web"]}},
            "measures": {"viewers": {"budget": 0.9}},
            "squared_norm": 1,
            "most_cells": 2,
            "mu": 0.5,
            "totals_budget": 0.1,
        }
    )


def test_a_week_is_released_once_under_its_monday_and_paid_for_on_its_sunday(
    daily_cells: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    desk, source = make_desk(), Source(SQL, {"watched": events(accounts=40, days=9)})
    first = release("weekly", daily_cells, source, desk, duck, days=MONDAYS, public=TITLES)
    again = release("weekly", daily_cells, source, desk, duck, days=MONDAYS, public=TITLES)
    assert first == again
    assert [(charge.partition, charge.day) for charge in desk.ledger.charges()] == [
        ("2026-02-23", date(2026, 3, 1)),
        ("2026-03-02", date(2026, 3, 8)),
    ]
    assert {charge.spend.unit for charge in desk.ledger.charges()} == {"account"}
    rows = pq.read_table(first[MONDAYS[1]].path)
    assert rows["day"].unique().to_pylist() == [MONDAYS[1] + timedelta(days=n) for n in range(7)]
    assert rows.num_rows == 350


def test_a_relation_is_placed_where_it_is(
    cut: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    rows = events(accounts=40, days=9)
    with duckdb.connect() as connection:
        relation = connection.from_arrow(rows).query("watched", SQL)
        desk = make_desk(epsilon=50, noise=lambda values, sigma: values)
        found = release("related", cut, relation, desk, days=MONDAYS, public=TITLES)
        expected = release("read", cut, Source(SQL, {"watched": rows}), desk, duck, days=MONDAYS, public=TITLES)
    for week in MONDAYS:
        assert pq.read_table(found[week].path).equals(pq.read_table(expected[week].path))


def test_a_day_that_begins_no_period_is_told_with_the_one_that_does(
    daily_cells: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    source = Source(SQL, {"watched": events(accounts=4, days=2)})
    desk = make_desk()
    with pytest.raises(UsageError, match="2026-03-02 is the one before"):
        release("weekly", daily_cells, source, desk, duck, days=[date(2026, 3, 4)], public=TITLES)
    assert not desk.ledger.charges()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"period": {"days": 1}}, "greater than or equal to 2"),
        ({"period": None}, "in a statement with a period"),
        ({"cells": {"day": {"values": ["a"]}}}, "of: period"),
        ({"cells": {"on": {"of": "period"}}}, "of: period"),
        ({"cells": {"a": {"cuts": [1], "most": 9}, "b": {"values": ["b"]}}}, "count of accounts alone"),
        ({"cells": {"a": {"cuts": [5, 5], "most": 9}}}, "rise"),
        ({"cells": {"a": {"cuts": [0], "most": 9}}}, "above 0"),
        ({"cells": {"a": {"cuts": [5]}}}, "belong together"),
        ({"cells": {"a": {"values": ["a"], "quantiles": [0.5]}}}, "belong"),
        ({"to_date": True}, "no cells of single days"),
        ({"ratios": {"r": {"of": "plays", "over": "nothing"}}}, "two measures"),
        ({"ratios": {"r": {"of": "plays", "over": "hours"}}}, "may be 0"),
        ({"rollup": {"column": "day", "by": "x", "by_budget": 0.1, "total_budget": 0.1}}, "public table|add up"),
    ],
)
def test_what_cannot_be_kept_does_not_load(daily_cells: TableStatement, change: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        TableStatement.model_validate({**daily_cells.model_dump(), **change})


def test_statements_read_back_as_they_were_declared(daily_cells: TableStatement, cut: TableStatement) -> None:
    for statement in (daily_cells, cut):
        assert TableStatement.model_validate_json(statement.model_dump_json()) == statement
        assert within(within(statement)) == within(statement) != statement
