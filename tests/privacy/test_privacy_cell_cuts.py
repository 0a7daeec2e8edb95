"""What weighting cut from each cell: bounded, drawn with its own noise, and undone, with intervals that hold."""

from __future__ import annotations

from datetime import date
from math import isqrt, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pydantic import ValidationError

from media_privacy_pipeline.audit import declared
from media_privacy_pipeline.audit.drawn import check_noise
from media_privacy_pipeline.audit.sensitivity import check_sensitivity
from media_privacy_pipeline.audit.worlds import check_two_worlds
from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.privacy import Source
from media_privacy_pipeline.privacy.cell_cuts import critical
from media_privacy_pipeline.privacy.contributions import BoundedSums, bounded_sums
from media_privacy_pipeline.privacy.estimate import measures_of
from media_privacy_pipeline.privacy.mechanism import certified_terms, mechanism_of, spend_of, weights_of
from media_privacy_pipeline.privacy.noise import discrete_gaussian
from media_privacy_pipeline.privacy.release import noisy
from media_privacy_pipeline.privacy.weights import cell_cuts, weight
from media_privacy_pipeline.release_policy import Budget, TableStatement

DAY = date(2026, 3, 1)
TITLES = [f"t{n}" for n in range(8)]


def plain(statement: TableStatement) -> TableStatement:
    """The same noise on the measures, and cells undone by the day's ratio."""
    return statement.model_copy(update={"cut_budget": None, "totals_budget": 0.2})


def stated(**change: Any) -> TableStatement:
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"title_id": {"of": "titles"}},
            "measures": {"viewers": {"budget": 0.7}, "plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.1}},
            "squared_norm": 2,
            "most_cells": 6,
            "mu": 0.4,
            "totals_budget": 0.1,
            "cut_budget": 0.1,
            **change,
        }
    )


def test_each_cells_cut_is_that_of_its_accounts_on_both_engines(engine: Engine) -> None:
    cells = {"few": 2, "some": 5, "many": 8}
    rows = [(name, DAY, title, 1) for name, k in cells.items() for title in TITLES[:k]]
    names, days, titles, plays = zip(*rows, strict=True)
    watched = pa.table({"account_key": names, "day": pa.array(days), "title_id": titles, "plays": plays})
    source = Source("select * from watched", {"watched": watched})
    found = bounded_sums(engine, stated(), source, [DAY], {"title_id": TITLES})[DAY]
    cut = {k: 64 * min(k, 6) // k - weight(k, 2, 6) for k in cells.values()}
    assert found.values[-1].tolist() == [sum(cut[k] for k in cells.values() if k > n) for n in range(8)]
    assert found.values.shape == (3, 8)
    assert cut == {2: 0, 5: 24, 8: 21}
    # One of the three has more than six cells.
    assert found.totals[2] == mechanism_of(stated()).beyond > 0


def test_no_number_of_cells_moves_the_cuts_further_than_declared() -> None:
    statement = stated()
    table, part = weights_of(statement), mechanism_of(statement).cut
    assert part is not None
    cuts = cell_cuts(table)
    moved = [sqrt(k * cut * cut) for k, cut in enumerate(cuts, 1)]
    assert all(cut >= 0 for cut in cuts)
    assert max(moved) == part.sensitivity == declared.cut_sensitivity(statement)
    assert len(cuts) == isqrt(64 * 64 * 2 * 6)


def test_no_number_of_cells_moves_the_three_totals_further_than_declared() -> None:
    statement = stated()
    mechanism, moved, of_two = mechanism_of(statement), [], []
    for k in range(1, isqrt(64 * 64 * 2 * 6) + 1):
        kept = k * weight(k, 2, 6)
        of_two.append(kept**2 + (64 * min(k, 6) - kept) ** 2)
        moved.append(of_two[-1] + (mechanism.beyond**2 if k > 6 else 0))
    assert mechanism.beyond == isqrt(max(of_two) // 16)
    assert sqrt(max(moved)) == mechanism.totals_sensitivity == declared.totals_sensitivity(statement)
    assert mechanism.totals_sensitivity < 1.04 * sqrt(max(of_two))


@pytest.mark.parametrize("past", [0, 5_000])
def test_accounts_beyond_the_most_cells_are_told_of_and_within_the_intervals(past: int) -> None:
    rng, statement = np.random.default_rng(11), stated()
    mechanism = mechanism_of(statement)
    sums, viewers = world(3000, 0.03, rng)
    sums.totals[2] = past * mechanism.beyond
    # The worst there is: whoever has more cells than count is missing in every cell.
    held, wider = [], []
    for _ in range(10):
        drawn = noisy(statement, sums, lambda v, s: v + np.rint(rng.normal(0, s, v.shape)).astype(np.int64))
        none = np.array([*drawn.totals[:2], 0])
        rows, before = (
            measures_of(statement, pa.table({"title_id": [str(n) for n in range(3000)]}), drawn.values, totals)
            for totals in (drawn.totals, none)
        )
        low, high = (rows[name].to_numpy() for name in ("viewers_low", "viewers_high"))
        held.append(((low <= viewers + past) & (viewers + past <= high)).mean())
        wider.append(float((high - before["viewers_high"].to_numpy()).mean()))
        plays = rows["plays_high"].to_numpy() - before["plays_high"].to_numpy()
        assert plays.mean() == pytest.approx(3 * wider[-1], abs=2)
    assert np.mean(held) > 0.945
    assert (min(wider) >= past) if past else (wider == [0.0] * 10)


def test_the_cuts_are_paid_for_certified_and_drawn_with_their_own_noise() -> None:
    statement, drawn = stated(), []
    mechanism = mechanism_of(statement)
    assert mechanism.cut is not None
    zeros = BoundedSums(np.zeros((3, 8), np.int64), np.zeros(3, np.int64))
    noisy(statement, zeros, lambda values, sigma: drawn.append(sigma) or values)
    assert drawn == [*(part.sigma for part in mechanism.sums), mechanism.cut.sigma, mechanism.totals_sigma]
    assert mechanism.mu == pytest.approx(statement.mu, rel=0.02)
    parts = certified_terms(statement, Budget(unit="account", days=365, epsilon=9, delta=1e-9)).parts
    assert [part.name for part in parts] == ["viewers", "plays", "cut", "totals"]
    assert ", cut " in spend_of(statement).mechanism


def test_the_audit_tries_the_cuts_as_any_other_sum(duck: DuckDBEngine) -> None:
    statement = stated()
    sensitivity = check_sensitivity("toy", statement, duck)
    assert sensitivity.passed
    assert check_noise("toy", statement, discrete_gaussian, draws=2000).passed
    assert check_two_worlds("toy", statement, discrete_gaussian, 2000).passed

    def half(given: TableStatement, sums: BoundedSums, noise: Any) -> BoundedSums:
        drawn = noisy(given, sums, noise)
        values = drawn.values.copy()
        values[-1] = values[-1] // 2 + sums.values[-1] // 2
        return BoundedSums(values, drawn.totals)

    assert not check_noise("toy", statement, discrete_gaussian, draws=2000, drawing=half).passed


def world(cells: int, spread: float, rng: np.random.Generator) -> tuple[BoundedSums, np.ndarray]:
    """Cells whose accounts are cut by another part each, and their true counts."""
    viewers = rng.integers(2_000, 20_000, cells).astype(np.float64)
    # Two kinds of cells and nothing between: as far from a normal law as biases come.
    part = np.where(rng.random(cells) < 0.2, 0.25 + 2 * spread, 0.25 - spread / 2)
    cut = np.rint(64 * viewers * part).astype(np.int64)
    count = np.rint(64 * viewers).astype(np.int64) - cut
    totals = np.array([count.sum(), cut.sum(), 0])
    return BoundedSums(np.stack([count, 0 * count, cut]), totals), viewers


@pytest.mark.parametrize("spread", [0.0, 0.005, 0.03, 0.1])
def test_intervals_hold_the_true_count_however_cells_differ(spread: float) -> None:
    rng = np.random.default_rng(7)
    statement = stated()
    cells = pa.table({"title_id": [str(n) for n in range(3000)]})
    sums, viewers = world(3000, spread, rng)
    covered, held_before, errors, errors_before = [], [], [], []
    for _ in range(10):
        drawn = noisy(statement, sums, lambda v, s: v + np.rint(rng.normal(0, s, v.shape)).astype(np.int64))
        rows = measures_of(statement, cells, drawn.values, drawn.totals)
        before = measures_of(plain(statement), cells, drawn.values[:2], drawn.totals)
        for table, held, off in ((rows, covered, errors), (before, held_before, errors_before)):
            value, low, high = (table[name].to_numpy() for name in ("viewers", "viewers_low", "viewers_high"))
            held.append(((low <= viewers) & (viewers <= high)).mean())
            off.append(np.sqrt(np.mean((value - viewers) ** 2)))
            assert ((low <= value) & (value <= high)).all()
    # 30,000 independent intervals of 95.5 % on average: a share below .945 has a probability under 1e-9.
    assert np.mean(covered) > 0.945
    assert np.mean(errors) < np.mean(errors_before) * 1.001
    assert np.mean(covered) < 0.985
    assert spread < 0.03 or np.mean(held_before) < 0.9


def test_a_measure_beside_the_count_is_told_with_the_same_relative_bias() -> None:
    rng, statement = np.random.default_rng(8), stated()
    cells = pa.table({"title_id": [str(n) for n in range(3000)]})
    sums, viewers = world(3000, 0.03, rng)
    held, widths = [], {}
    for change, given in ((0.1, statement), (None, plain(statement))):
        drawn = noisy(statement, sums, lambda v, s: v + np.rint(rng.normal(0, s, v.shape)).astype(np.int64))
        rows = measures_of(given, cells, drawn.values if change else drawn.values[:2], drawn.totals)
        low, high = rows["plays_low"].to_numpy(), rows["plays_high"].to_numpy()
        widths[change] = float(np.mean(high - low))
        held.append(((low <= 2 * viewers) & (2 * viewers <= high)).mean())
    assert held[0] > 0.94 > held[1]
    assert widths[0.1] > widths[None]


def test_critical_values_are_those_of_the_worst_law_with_that_mean_square() -> None:
    normal = NormalDist()

    def missed(bias: float, reach: float) -> float:
        return normal.cdf(bias - reach) + normal.cdf(-bias - reach)

    for square in (0.0, 0.05, 0.5, 2.0, 9.0, 100.0):
        reach = float(critical(np.array([square]))[0])
        # Laws on 0 and one point, which the worst one is among.
        points = np.linspace(sqrt(square), sqrt(square) + reach + 6, 300)[1 if square == 0 else 0 :]
        worst = max(
            missed(0, reach) * (1 - square / point**2) + missed(point, reach) * square / point**2 for point in points
        )
        assert 0.040 < worst <= 0.0452
    assert float(critical(np.array([0.0]))[0]) == pytest.approx(normal.inv_cdf(1 - 0.045 / 2))


def test_a_service_of_nobody_has_intervals_that_hold_nobody() -> None:
    statement = stated()
    cells = pa.table({"title_id": TITLES})
    nobody = BoundedSums(np.zeros((3, 8), np.int64), np.zeros(3, np.int64))
    rows = measures_of(statement, cells, nobody.values, nobody.totals)
    assert rows["viewers"].to_pylist() == rows["viewers_low"].to_pylist() == [0] * 8


def test_of_a_handful_of_large_cells_nothing_is_told_and_they_are_undone_by_the_day() -> None:
    rng, statement = np.random.default_rng(9), stated()
    for cells, told in ((29, False), (30, True)):
        sums, _ = world(cells, 0.1, rng)
        rows = pa.table({"title_id": [str(n) for n in range(cells)]})
        found = measures_of(statement, rows, sums.values, sums.totals)
        day = measures_of(plain(statement), rows, sums.values[:2], sums.totals)
        wider = found["plays_high"].to_numpy() - day["plays_high"].to_numpy()
        assert bool((wider > 50).any()) is told  # The ratio by itself is known a little less well.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cut_budget": 0.2}, "add up to 1.1"),
        ({"allowance": {"carry_days": 3}}, "known, weighted cells"),
        ({"bounding": "sample"}, "known, weighted cells"),
        ({"measures": {"plays": {"of": "plays", "least": 1, "most": 3, "budget": 0.8}}}, "counts accounts"),
        ({"measures": {"cut": {"budget": 0.8}}}, "none that is called cut"),
    ],
)
def test_a_statement_that_could_not_tell_its_cuts_does_not_load(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        stated(**change)
