"""Levels that add up: the least-squares fit on any tree, never less exact than a level alone, and rows that add up."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from privacy_world import FIRST, events

from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.privacy import Desk, Source, release
from media_privacy_pipeline.privacy.contributions import BoundedSums, bounded_sums, domain_of
from media_privacy_pipeline.privacy.hierarchy import consistent, nonnegative, whole
from media_privacy_pipeline.privacy.mechanism import mechanism_of, weights_of
from media_privacy_pipeline.privacy.published_rows import published_rows, shape_of
from media_privacy_pipeline.privacy.release import noisy
from media_privacy_pipeline.release_policy import TableStatement

TITLES = {"title_id": [f"t{n:03d}" for n in range(50)], "genres": [f"g{n % 7}" for n in range(50)]}
SQL = """
select account_key, cast(started_at as date) as day, title_id, device_type as device, 1 as plays,
  watched_seconds as seconds from watched
"""


@st.composite
def trees(draw: st.DrawFn) -> tuple[list[np.ndarray], list[float], list[np.ndarray]]:
    """Noisy levels, their variances and parents: 1 to 12 leaves in up to 4 groups in up to 2 totals."""
    leaves = draw(st.lists(st.integers(0, 3), min_size=1, max_size=12))
    _, groups = np.unique(leaves, return_inverse=True)
    _, tops = np.unique(
        draw(st.lists(st.integers(0, 1), min_size=4, max_size=4))[: groups.max() + 1], return_inverse=True
    )
    sizes = (len(leaves), int(groups.max()) + 1, int(tops.max()) + 1)
    number = st.integers(-300, 300).map(float)
    levels = [np.array(draw(st.lists(number, min_size=size, max_size=size))) for size in sizes]
    variances = [float(draw(st.integers(1, 50))) for _ in sizes]
    return levels, variances, [groups, tops]


def _design(parents: list[np.ndarray], size: int) -> np.ndarray:
    """Which leaves each node sums, level after level."""
    blocks = [np.eye(size)]
    for parent in parents:
        above = np.zeros((int(parent.max()) + 1, size))
        np.add.at(above, parent, blocks[-1])
        blocks.append(above)
    return np.concatenate(blocks)


@given(trees())
def test_the_two_passes_are_weighted_least_squares(tree: tuple) -> None:
    levels, variances, parents = tree
    fit, left = consistent(levels, variances, parents)
    design = _design(parents, levels[0].size)
    weights = np.repeat(1 / np.array(variances), [level.size for level in levels])
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    expected = design @ inverse @ (design.T @ (weights * np.concatenate(levels)))
    assert np.concatenate(fit) == pytest.approx(expected, abs=1e-6)
    assert np.concatenate(left) == pytest.approx(np.diag(design @ inverse @ design.T), rel=1e-9)
    for lower, upper, parent in zip(fit, fit[1:], parents, strict=False):
        assert np.bincount(parent, lower) == pytest.approx(upper, abs=1e-6)
    for variance, after in zip(variances, left, strict=True):
        assert after.max() <= variance * (1 + 1e-12)


@given(trees())
def test_what_is_published_adds_up_in_whole_numbers_and_is_not_negative(tree: tuple) -> None:
    levels, variances, parents = tree
    fit, _ = consistent(levels, variances, parents)
    found = nonnegative(fit, parents)
    rounded = whole(found, parents)
    for lower, upper, parent in zip(found, found[1:], parents, strict=False):
        assert lower.min() >= 0
        assert np.bincount(parent, lower) == pytest.approx(upper, abs=1e-6)
    for lower, upper, before, parent in zip(rounded, rounded[1:], found, parents, strict=False):
        assert lower.min() >= 0
        assert (lower == np.round(lower)).all()
        assert (np.bincount(parent, lower) == upper).all()
        assert np.abs(lower - before).max() <= 2


@given(st.lists(st.integers(-30, 30).map(float), min_size=1, max_size=8), st.integers(0, 60))
def test_children_move_to_the_nearest_point_with_their_parents_sum(children: list[float], total: int) -> None:
    values, parent = np.array(children), np.zeros(len(children), int)
    found = nonnegative([values, np.array([float(total)])], [parent])[0]
    assert found.sum() == pytest.approx(total)
    # Nearest (Karush, Kuhn and Tucker): all that is left moved alike, what is at 0 would have gone below.
    moved = values - found
    shift = moved[found > 0]
    assert np.ptp(shift) < 1e-9 if shift.size else total == 0
    assert not shift.size or (values[found == 0] <= shift.mean() + 1e-9).all()


def test_no_level_is_less_exact_and_genres_are_more_so() -> None:
    rng = np.random.default_rng(6)
    parents = [np.arange(60) % 6, np.zeros(6, int)]
    truth = [np.arange(60.0), np.bincount(parents[0], np.arange(60.0)), np.array([1770.0])]
    sigmas, times = [10.0, 25.0, 25.0], 3000
    errors: list[list[np.ndarray]] = [[], [], []]
    for _ in range(times):
        drawn = [level + rng.normal(0, sigma, level.size) for level, sigma in zip(truth, sigmas, strict=True)]
        fit, left = consistent(drawn, [sigma**2 for sigma in sigmas], parents)
        for n in range(3):
            errors[n].append((fit[n] - truth[n]) ** 2)
    for n, sigma in enumerate(sigmas):
        means = np.mean(errors[n], axis=0)
        # A mean of 3,000 squares of standard normals passes 1.14 with a probability under 1e-7 (67 of them: 1e-5).
        assert means.max() <= 1.14 * left[n].max() <= 1.14 * sigma**2
    assert np.mean(errors[1]) < 0.75 * min(25.0**2, 10 * 10.0**2)


@pytest.fixture
def rolled(statement: TableStatement) -> TableStatement:
    declared = statement.model_dump()
    declared["measures"]["viewers"]["budget"] = 0.3
    rollup = {"column": "title_id", "by": "genres", "by_budget": 0.15, "total_budget": 0.05}
    return TableStatement.model_validate({**declared, "rollup": rollup})


def _sums(engine: DuckDBEngine, statement: TableStatement, rows: pa.Table, days: list[date]) -> dict[date, BoundedSums]:
    shape = shape_of(statement, domain_of(statement, TITLES), TITLES)
    found = bounded_sums(engine, statement, Source(SQL, {"watched": rows}), days, TITLES)
    return {day: shape.summed(sums) for day, sums in found.items()}


@pytest.mark.parametrize("account", ["a000000", "a000001", "a000009"])
def test_no_account_moves_a_level_further_than_declared(
    rolled: TableStatement, duck: DuckDBEngine, account: str
) -> None:
    rows = events(accounts=30, days=1)
    rest = _sums(duck, rolled, rows.filter(pc.not_equal(rows["account_key"], account)), [FIRST])[FIRST]
    whole_sums = _sums(duck, rolled, rows, [FIRST])[FIRST]
    for level, without, parts in zip(whole_sums.levels, rest.levels, mechanism_of(rolled).levels, strict=True):
        for part, moved in zip(parts, level - without, strict=True):
            assert np.sqrt((moved.astype(float) ** 2).sum()) <= part.sensitivity


def test_an_account_with_all_its_cells_in_one_genre_reaches_the_levels_bound(
    rolled: TableStatement, duck: DuckDBEngine
) -> None:
    weights = weights_of(rolled)
    bound = max(weights["kept"].to_pylist())
    cells = weights["cells"].to_pylist()[weights["kept"].to_pylist().index(bound)]
    titles = [f"t{n:03d}" for n in range(cells)]
    rows = pa.table(
        {
            "account_key": ["a"] * cells,
            "day": [FIRST] * cells,
            "title_id": titles,
            "device": ["tv"] * cells,
            "plays": [1] * cells,
            "seconds": [9000] * cells,
        }
    )
    public = {"title_id": titles, "genres": ["drama"] * cells}
    found = bounded_sums(duck, rolled, Source("select * from watched", {"watched": rows}), [FIRST], public)
    shape = shape_of(rolled, domain_of(rolled, public), public)
    for level, parts in zip(shape.summed(found[FIRST]).levels, mechanism_of(rolled).levels, strict=True):
        assert np.abs(level).max(axis=1).tolist() == [part.sensitivity for part in parts]


def test_levels_are_paid_for(rolled: TableStatement) -> None:
    mechanism = mechanism_of(rolled)
    assert 0.99 * rolled.mu < mechanism.mu <= rolled.mu
    assert [len(level) for level in mechanism.levels] == [3, 3]


def test_published_rows_add_up_to_the_last_digit(
    rolled: TableStatement, duck: DuckDBEngine, make_desk: Callable[..., Desk]
) -> None:
    source = Source(SQL, {"watched": events(accounts=60, days=1)})
    stored = release("rolled", rolled, source, make_desk(), duck, days=[FIRST], public=TITLES)[FIRST]
    rows = pq.read_table(stored.path).to_pandas()
    assert list(rows.columns[:4]) == ["genres", "title_id", "device", "viewers"]
    titles, genres = rows[rows.title_id.notna()], rows[rows.title_id.isna() & rows.genres.notna()]
    totals = rows[rows.genres.isna()]
    assert (len(titles), len(genres), len(totals)) == (150, 21, 3)
    for name in ("viewers", "plays", "hours"):
        cents = (rows[name] * 100).round().astype(int)
        by_genre = cents[titles.index].groupby([titles.genres, titles.device]).sum()
        assert by_genre.to_dict() == cents[genres.index].groupby([genres.genres, genres.device]).sum().to_dict()
        by_device = cents[genres.index].groupby(genres.device).sum()
        assert by_device.to_dict() == cents[totals.index].groupby(totals.device).sum().to_dict()
        assert (rows[f"{name}_low"] <= rows[name]).all()
        assert (rows[name] <= rows[f"{name}_high"]).all()


def test_intervals_of_all_levels_cover(rolled: TableStatement) -> None:
    rng = np.random.default_rng(8)
    shape = shape_of(rolled, domain_of(rolled, TITLES), TITLES)
    viewers = rng.integers(100, 4000, shape.cells.num_rows)
    values = np.stack([viewers * 64, viewers * -16, viewers * 64 * (1800 - 3600)])
    sums = shape.summed(BoundedSums(values, np.array([64 * int(viewers.sum()), 0])))
    truth = np.concatenate([sums.values[0], *(level[0] for level in sums.levels)]) / 64
    covered = []

    def noise(column: np.ndarray, sigma: int) -> np.ndarray:
        return column + np.rint(rng.normal(0, sigma, column.shape)).astype(np.int64)

    for _ in range(60):
        rows = published_rows(rolled, FIRST, shape, noisy(rolled, sums, noise))
        for name, unit in (("viewers", 1.0), ("plays", 1.75), ("hours", 0.5)):
            low, high = rows[f"{name}_low"].to_numpy(), rows[f"{name}_high"].to_numpy()
            covered.append((low <= truth * unit) & (truth * unit <= high))
    # 180 draws of 174 rows; of the 24 group rows, 4,320 intervals: below .94 has a probability under 1e-5.
    assert np.mean(covered) > 0.95
    assert np.mean(np.array(covered)[:, 150:]) > 0.94


def test_a_rollup_without_its_groups_is_refused(rolled: TableStatement) -> None:
    with pytest.raises(UsageError, match="one value of genres for each value of title_id"):
        shape_of(rolled, domain_of(rolled, TITLES), {"title_id": TITLES["title_id"]})


def test_the_total_of_one_column_of_cells_is_a_single_row(rolled: TableStatement) -> None:
    cells = {"title_id": {"of": "titles"}}
    alone = TableStatement.model_validate({**rolled.model_dump(), "cells": cells})
    shape = shape_of(alone, domain_of(alone, TITLES), TITLES)
    sums = shape.summed(BoundedSums(np.ones((3, 50), np.int64) * 6400, np.array([320000, 0])))
    rows = published_rows(alone, FIRST, shape, sums).to_pylist()
    assert [row["viewers"] for row in rows] == [100] * 50 + [800] + [700] * 6 + [5000]
    assert (rows[-1]["genres"], rows[-1]["title_id"]) == (None, None)
    assert (rows[50]["genres"], rows[50]["title_id"]) == ("g0", None)
