"""The plan by slot agrees with what is released of it, and invents no viewers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.models.forecast.config import ForecastConfig
from media_privacy_pipeline.models.forecast.slots import Margin, Margins, not_negative, planned

CONFIG = ForecastConfig(slot_draws=20)


def margins(seed: int, noise: float = 0.0) -> tuple[np.ndarray, Margins]:
    """A table in which genre and part of the day have nothing to do with each other in a country, and its margins."""
    chance = np.random.default_rng(seed)
    audience, taste = chance.uniform(1, 50, (7, 3, 4)), chance.dirichlet(np.ones(5), 3)
    truth = audience[..., None] * taste[None, :, None, :]

    def margin(value: np.ndarray) -> Margin:
        return Margin(value, np.full(value.shape, noise))

    # Taste counts accounts of a week, and days count titles: they have other scales than the audience.
    parts = margin(truth.sum(axis=3)), margin(truth.sum(axis=(0, 2)) / 3), margin(truth.sum(axis=(1, 2)) * 5)
    return truth, Margins(*parts, genres=5)


def test_a_table_is_found_again_from_its_margins() -> None:
    truth, known = margins(1)
    plan = planned(known, CONFIG)
    assert plan.viewers == pytest.approx(truth, rel=1e-3)
    assert plan.low == pytest.approx(plan.high, rel=1e-6)


def test_every_margin_is_kept_where_they_were_counted_apart() -> None:
    known = margins(1)[1]
    _, other = margins(2)
    assert other.taste is not None
    assert other.week is not None
    assert known.audience is not None
    mixed = Margins(known.audience, other.taste, other.week, 5)
    plan = planned(mixed, CONFIG)
    assert plan.left < 1e-5
    assert plan.viewers.sum(axis=3) == pytest.approx(known.audience.value, rel=1e-4)
    taste = plan.viewers.sum(axis=(0, 2))
    assert taste / taste.sum(axis=1, keepdims=True) == pytest.approx(
        other.taste.value / other.taste.value.sum(axis=1, keepdims=True), rel=1e-3
    )


def test_intervals_hold_the_noise_of_the_margins() -> None:
    wide, narrow = (planned(margins(3, noise)[1], CONFIG) for noise in (5.0, 0.5))
    assert (wide.high - wide.low).mean() > 4 * (narrow.high - narrow.low).mean()
    assert (wide.low <= wide.viewers).all()
    assert (wide.viewers <= wide.high).all()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40))
def test_taking_out_what_is_below_zero_adds_no_viewers(values: list[float]) -> None:
    found = not_negative(np.array(values))
    assert (found >= 0).all()
    assert found.sum() == pytest.approx(max(0.0, sum(values)), abs=1e-3)


def test_without_an_audience_nobody_is_expected_and_without_taste_genres_are_alike() -> None:
    zeros = Margin(np.zeros((7, 3, 4)), np.zeros((7, 3, 4)))
    assert (planned(Margins(zeros, None, None, 5), CONFIG).viewers == 0).all()
    _, known = margins(4)
    plan = planned(Margins(known.audience, None, None, 5), CONFIG)
    assert plan.viewers[..., 0] == pytest.approx(plan.viewers[..., 4])
    assert plan.viewers.sum(axis=3) == pytest.approx(known.audience.value)


def test_an_audience_with_counts_below_zero_is_planned_with_as_many_viewers_as_it_has() -> None:
    noisy = np.random.default_rng(5).normal(15, 20, (7, 3, 4))
    plan = planned(Margins(Margin(noisy, np.ones(noisy.shape)), None, None, 5), CONFIG)
    assert plan.viewers.sum() == pytest.approx(noisy.sum())
    assert (plan.viewers >= 0).all()
