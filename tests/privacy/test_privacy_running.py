"""Totals over a year's weeks are sums of what was released, with intervals that cover."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.privacy import Desk, Source, release
from media_privacy_pipeline.privacy.contributions import BoundedSums
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.periods import within
from media_privacy_pipeline.privacy.published_rows import published_rows, shape_of
from media_privacy_pipeline.privacy.release import noisy
from media_privacy_pipeline.privacy.running import year_of
from media_privacy_pipeline.release_policy import TableStatement

WEEKS = [date(2025, 12, 29) + timedelta(days=7 * n) for n in range(-1, 53)]


@pytest.fixture
def to_date(statement: TableStatement) -> TableStatement:
    cells = {"title_id": {"of": "titles"}}
    return TableStatement.model_validate(
        {**statement.model_dump(), "cells": cells, "period": {"days": 7}, "to_date": True, "mu": 0.5}
    )


def _source() -> Source:
    """Two accounts on each title and week: one of the catalogue's titles comes in the third week."""
    days = [week + timedelta(days=2) for week in WEEKS[:5] for _ in range(4)]
    columns = {
        "account_key": ["a", "b"] * 10,
        "day": pa.array(days, pa.date32()),
        "title_id": ["t0", "t0", "t1", "t1"] * 5,
        "plays": [1] * 20,
        "seconds": [1800] * 20,
    }
    return Source("select * from watched", {"watched": pa.table(columns)})


def _released(desk: Desk, statement: TableStatement, duck: DuckDBEngine, weeks: list[date], titles: int = 2) -> list:
    public = {"title_id": [f"t{n}" for n in range(titles)]}
    found = release("weekly", statement, _source(), desk, duck, days=weeks, public=public)
    return [pq.read_table(found[week].path) for week in weeks]


def test_a_total_is_the_sum_of_the_years_released_weeks(
    to_date: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk(epsilon=50)
    (old,) = _released(desk, to_date, duck, WEEKS[:1])
    (first,) = _released(desk, to_date, duck, WEEKS[1:2], titles=1)
    rows = _released(desk, to_date, duck, WEEKS[2:4])
    assert old["periods_to_date"].to_pylist() == [1, 1]
    assert rows[0]["periods_to_date"].to_pylist() == [2, 1]
    assert rows[1]["periods_to_date"].to_pylist() == [3, 2]
    for name in ("viewers", "plays", "hours"):
        noisy_sums = [table[f"{name}_noisy"].to_pylist() for table in (first, *rows)]
        expected = [noisy_sums[0][0] + noisy_sums[1][0] + noisy_sums[2][0], noisy_sums[1][1] + noisy_sums[2][1]]
        assert rows[1][f"{name}_to_date"].to_pylist() == pytest.approx([max(0, total) for total in expected], abs=1e-6)
    assert len(desk.ledger.charges()) == 4


def test_without_noise_a_total_is_the_truth_and_a_missing_week_is_not_in_it(
    to_date: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk(epsilon=50, noise=lambda values, sigma: values)
    rows = _released(desk, to_date, duck, [WEEKS[1], WEEKS[2], WEEKS[4]])[-1]
    assert rows["viewers_to_date"].to_pylist() == pytest.approx([6, 6], abs=0.01)
    assert rows["hours_to_date"].to_pylist() == pytest.approx([3, 3], abs=0.01)
    assert rows["periods_to_date"].to_pylist() == [3, 3]


def test_nothing_is_added_to_a_week_that_was_lost(
    to_date: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    desk = make_desk(epsilon=50)
    _released(desk, to_date, duck, WEEKS[1:2])
    (desk.folder / "weekly" / f"{WEEKS[1]}.parquet").unlink()
    with pytest.raises(Refused, match="restore it"):
        _released(desk, to_date, duck, WEEKS[2:3])
    assert len(desk.ledger.charges()) == 1


def test_intervals_of_totals_cover(to_date: TableStatement) -> None:
    rng = np.random.default_rng(9)
    cells = pa.table({"title_id": [f"t{n}" for n in range(300)]})
    shape = shape_of(to_date, cells, {})
    viewers = np.repeat([0, 200, 5000], 100)
    sums = BoundedSums(
        np.stack([viewers * 40, viewers * 0, viewers * 40 * -1800]),
        np.array([40 * int(viewers.sum()), 24 * int(viewers.sum())]),
    )
    covered, empty = [], []

    def noise(column: np.ndarray, sigma: int) -> np.ndarray:
        return column + np.rint(rng.normal(0, sigma, column.shape)).astype(np.int64)

    for _ in range(40):
        before: list[pa.Table] = []
        for week in WEEKS[1:7]:
            before.append(published_rows(to_date, week, shape, noisy(to_date, sums, noise), before))
        for name, unit in (("viewers", 1.0), ("plays", 2.0), ("hours", 0.5)):
            low, high = (before[-1][f"{name}_to_date_{end}"].to_numpy() for end in ("low", "high"))
            empty += [
                table[f"{name}_noisy"].to_numpy()[:100] / table[f"{name}_sd"].to_numpy()[:100] for table in before
            ]
            covered.append((low <= 6 * viewers * unit) & (6 * viewers * unit <= high))
    by_size = np.mean(covered, axis=0).reshape(3, 100).mean(axis=1)
    # 12,000 intervals of 95 % a size, three of a cell dependent: below .935 has a probability under 1e-6. (Empty cells
    # have them cut off at 0, so that their lower half always covers.)
    assert by_size.min() > 0.935
    assert by_size[1:].max() < 0.965
    # 72,000 of variance 1, three of a cell dependent: their mean passes 6 standard errors with p < 1e-8.
    assert abs(np.mean(empty)) < 6 * (3 / 72_000) ** 0.5


def test_the_year_of_a_week_is_the_iso_year() -> None:
    assert [year_of(week) for week in WEEKS[:2]] == [2025, 2026]
    assert sum(year_of(week) == 2026 for week in WEEKS) == 53


def test_no_account_moves_a_years_weeks_further_than_they_are_charged(to_date: TableStatement) -> None:
    """An account at its bound in every week: all vectors, each in units of its noise, are no further than charged."""
    mechanism = mechanism_of(within(to_date))
    moved = sum((part.sensitivity / part.sigma) ** 2 for part in mechanism.sums)
    moved += (mechanism.totals_sensitivity / mechanism.totals_sigma) ** 2
    assert 53 * moved <= 53 * mechanism.mu**2
