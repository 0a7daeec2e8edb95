"""Curves fall, are the nearest that do, and their intervals and those of quantiles cover what they say they cover."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import isotonic_regression

from media_privacy_pipeline.privacy.contributions import BoundedSums, domain_of
from media_privacy_pipeline.privacy.curves import curve, pooled, quantiles
from media_privacy_pipeline.privacy.cut_rows import cut_rows
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.periods import within
from media_privacy_pipeline.release_policy import TableStatement

EDGES = (0, 60, 600, 1800, 3600, 7200)
SIGMA = 20.0
# Shares of accounts in each range: flat, all at one end, rising, and one cell that is nearly empty.
TRUE = np.array([[200, 200, 200, 200, 200], [0, 0, 0, 0, 900], [50, 100, 400, 200, 2000], [5, 0, 0, 3, 0]], float)


@given(arrays(float, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.integers(-50, 50).map(float)))
def test_pooling_is_isotonic_regression(values: np.ndarray) -> None:
    expected = np.stack([isotonic_regression(row, increasing=False).x for row in values])
    assert pooled(values) == pytest.approx(expected, abs=1e-9)


def _draws(seed: int, times: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.repeat(TRUE[None], times, axis=0).reshape(-1, 5) + rng.normal(0, SIGMA, (times * len(TRUE), 5))


def test_a_curve_falls_from_1_to_0_inside_its_intervals_which_cover() -> None:
    times = 4000
    found = curve(_draws(1, times), SIGMA)
    assert (np.diff(found.value, axis=1) <= 1e-12).all()
    assert found.low.min() >= 0
    assert found.high.max() <= 1
    assert ((found.low <= found.value) & (found.value <= found.high)).all()
    true = np.cumsum(TRUE[:, ::-1], axis=1)[:, ::-1]
    shares = np.tile(true[:, 1:] / true[:, :1], (times, 1))
    inside = (found.low - 1e-12 <= shares) & (shares <= found.high + 1e-12)
    covered = inside.reshape(times, len(TRUE), -1).mean(axis=0)
    # 4,000 independent intervals each of 95 % or more: below .935 has a probability under 1e-5 (16 of them: 1e-4).
    assert covered.min() > 0.935
    # And they say something: exact 95 % where the noise is small beside the counts.
    assert covered[0].max() < 0.965


@pytest.mark.parametrize("p", [0.25, 0.5, 0.9])
def test_intervals_of_quantiles_cover(p: float) -> None:
    times = 4000
    found = quantiles(_draws(2, times), SIGMA, EDGES, [p])
    assert ((found.low <= found.value) & (found.value <= found.high)).all()
    whole = np.cumsum(TRUE, axis=1) / TRUE.sum(axis=1, keepdims=True)
    place = (whole <= p).sum(axis=1)
    # The quantile lies in this range; where it is inside is not known, and the interval holds all of the range.
    low, high = np.array(EDGES)[place], np.array(EDGES)[np.minimum(place + 1, 5)]
    covered = (found.low[:, 0] <= np.tile(low, times)) & (found.high[:, 0] >= np.tile(high, times))
    # As above; a quantile that falls on an edge is in both ranges, and only the upper is asked for.
    assert covered.reshape(times, len(TRUE)).mean(axis=0).min() > 0.935
    assert (found.high - found.low)[2 :: len(TRUE)].mean() < 4000


def test_without_noise_quantiles_are_read_off_the_curve() -> None:
    found = quantiles(TRUE[:1], 1e-6, EDGES, [0.3, 0.5, 0.99])
    assert found.value[0] == pytest.approx([60 + 540 / 2, 600 + 1200 / 2, 3600 + 3600 * 0.95])
    assert found.low[0].tolist() == [60, 600, 3600]
    assert found.high[0].tolist() == [600, 1800, 7200]


def test_a_cut_that_is_certain_behind_one_that_is_not_moves_no_end() -> None:
    found = quantiles(np.array([[50.0, -300, 300], [300, -300, 50]]), SIGMA, (0, 10, 20, 30), [0.5])
    assert found.low[:, 0].tolist() == [0, 0]
    assert found.high[:, 0].tolist() == [30, 30]


def test_a_cell_of_nothing_but_noise_claims_nothing() -> None:
    found = quantiles(np.array([[-3.0, 2, 1, -5, 0]]), SIGMA, EDGES, [0.5])
    assert (found.low.item(), found.high.item()) == (0, 7200)
    shares = curve(np.array([[-3.0, 2, 1, -5, 0]]), SIGMA)
    assert (shares.low.min(), shares.high.max()) == (0, 1)


@pytest.mark.parametrize("order", [("title_id", "watched", "device"), ("watched", "device", "title_id")])
def test_rows_are_cells_without_the_cut_column_wherever_it_stands(order: tuple[str, ...]) -> None:
    cells = {
        "title_id": {"of": "titles"},
        "watched": {"cuts": [60, 600], "most": 3600, "per": 60, "quantiles": [0.5, 0.025]},
        "device": {"values": ["tv", "web"]},
    }
    statement = TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {name: cells[name] for name in order},
            "measures": {"viewers": {"budget": 0.9}},
            "squared_norm": 1,
            "most_cells": 2,
            "mu": 1.0,
            "totals_budget": 0.1,
        }
    )
    domain = domain_of(within(statement), {"title_id": ["a", "b"]})
    count = {"0": 64_000, "60": 128_000, "600": 64_000}
    values = [count[row["watched"]] * (3 if row["title_id"] == "b" else 1) for row in domain.to_pylist()]
    kept = sum(values)
    rows = cut_rows(statement, domain, BoundedSums(np.array([values]), np.array([kept, 0])))
    names = [name for name in order if name != "watched"]
    assert (
        rows.select(names).to_pylist()
        == pa.table({n: domain[n] for n in names}).group_by(names, use_threads=False).aggregate([]).to_pylist()
    )
    assert rows["viewers"].to_pylist() == [4000 if title == "a" else 12000 for title in rows["title_id"].to_pylist()]
    assert rows["watched_1"].to_pylist() == [0.75] * 4
    assert rows["watched_10"].to_pylist() == [0.25] * 4
    assert rows["watched_p50"].to_pylist() == [5.5] * 4
    assert rows["watched_p2_5"].to_pylist() == [0.1] * 4
    assert mechanism_of(statement).sums[0].sensitivity == 64
