"""What was drawn is read back from what was told: the scale of the noise, and counts below zero."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.models.forecast.readings import read_back
from media_privacy_pipeline.privacy.estimate import CELL_Z, rounded, scaled
from media_privacy_pipeline.privacy.ratios import Estimate


@given(st.floats(2.0, 500.0), st.floats(1.0, 3.0), st.floats(0.0, 0.2), st.integers(0, 2**32 - 1))
def test_released_rows_tell_the_noise_and_what_was_cut_at_zero(
    sigma: float, ratio: float, doubt: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    raw = np.concatenate([chance.uniform(0, 20 * sigma, 40), np.zeros(160)]) + np.round(chance.normal(0, sigma, 200))
    ends = Estimate(np.array(ratio), np.array(ratio * (1 - doubt)), np.array(ratio * (1 + doubt)))
    told = rounded("viewers", scaled(raw, sigma, ends), 2)
    found = read_back(told["viewers"], told["viewers_high"])
    assert found.noise == pytest.approx(sigma * ratio, rel=0.02)
    seen = raw > -CELL_Z * sigma
    assert np.abs(found.counts - raw * ratio)[seen].max() < 0.02 * sigma * ratio + 0.1
    assert (found.counts[~seen] < -CELL_Z * sigma * ratio * 0.98).all()


def test_cells_that_nobody_watched_read_as_nobody_on_average() -> None:
    raw = np.round(np.random.default_rng(3).normal(0, 30, 20_000))
    told = rounded("viewers", scaled(raw, 30.0, Estimate(np.array(1.0), np.array(1.0), np.array(1.0))), 0)
    assert told["viewers"].mean() > 11
    assert abs(read_back(told["viewers"], told["viewers_high"]).counts.mean()) < 1


def test_a_day_on_which_no_cell_is_above_zero_and_one_without_cells_are_read() -> None:
    nobody = read_back(np.zeros(3), np.array([0.0, 40.0, 60.0]))
    assert nobody.noise > 0
    assert (nobody.counts <= 0).all()
    assert read_back(np.zeros(0), np.zeros(0)).noise == 0


def test_exact_counts_have_no_noise() -> None:
    exact = np.array([5.0, 0.0, 70.0, 3.0])
    found = read_back(exact, exact)
    assert found.noise == 0
    assert (found.counts == exact).all()
