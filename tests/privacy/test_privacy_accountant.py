"""The accountant agrees with the textbook, never rounds in its own favour, and holds for discrete noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_ndtr
from scipy.stats import norm

from media_privacy_pipeline.privacy.accountant import compose, delta_of, epsilon_of, mu_of, sigma_for

mus = st.floats(0.001, 8)


@given(mus, st.floats(1e-12, 1e-3))
def test_epsilon_and_delta_undo_each_other_and_err_to_the_safe_side(mu: float, delta: float) -> None:
    epsilon = epsilon_of(mu, delta)
    assert delta_of(mu, epsilon) <= delta
    assert epsilon == 0 or delta_of(mu, epsilon * (1 - 1e-9)) > delta * (1 - 1e-9)


@given(mus, st.floats(0, 20))
def test_delta_is_the_textbook_formula(mu: float, epsilon: float) -> None:
    first, second = log_ndtr(mu / 2 - epsilon / mu), epsilon + log_ndtr(-mu / 2 - epsilon / mu)
    expected = math.exp(first) - math.exp(second)
    # Taking the difference of two close numbers costs scipy's form all but 1e-15 of the larger one.
    assert delta_of(mu, epsilon) == pytest.approx(expected, rel=1e-6, abs=1e-14 * math.exp(first))


def test_the_figures_of_the_specification_come_out() -> None:
    assert epsilon_of(math.sqrt(365) / 28.43, 1e-9) == pytest.approx(4, abs=0.01)
    assert epsilon_of(1.0, 1e-9) == pytest.approx(6.2, abs=0.15)
    assert norm.cdf(-1e-3 / 2) < 0.5 < 1 - delta_of(1e-3, 0)


@given(st.lists(mus, max_size=20))
def test_composition_adds_squares_in_any_order(parts: list[float]) -> None:
    assert compose(parts) == pytest.approx(math.hypot(*parts))
    assert compose(parts) == compose(parts[::-1])


@given(st.floats(1, 1e7), mus)
def test_a_scale_is_rounded_up_and_by_less_than_one(sensitivity: float, mu: float) -> None:
    sigma = sigma_for(sensitivity, mu)
    assert mu_of(sensitivity, sigma) <= mu
    assert sigma == 8 or sigma - 1 < math.sqrt((sensitivity / mu) ** 2 + 4)


def test_a_scale_too_fine_for_the_certificate_is_refused() -> None:
    with pytest.raises(ValueError, match="finer resolution"):
        mu_of(1, 7)


@given(st.integers(8, 60), st.integers(1, 60), st.floats(0, 6))
def test_discrete_noise_summed_point_by_point_never_costs_more_than_we_say(
    sigma: int, shift: int, epsilon: float
) -> None:
    points = np.arange(-12 * sigma - shift, 12 * sigma + 2 * shift + 1)
    law = np.exp(-(points**2) / (2 * sigma**2))
    moved = np.exp(-((points - shift) ** 2) / (2 * sigma**2))
    exact = np.maximum(moved / moved.sum() - math.exp(epsilon) * law / law.sum(), 0).sum()
    assert exact <= delta_of(mu_of(shift, sigma), epsilon) * (1 + 1e-9) + 1e-15


def test_the_figure_is_not_below_the_one_of_an_independent_accountant_on_the_discrete_noise() -> None:
    sensitivity, sigma, nights, delta = 64, 1280, 365, 1e-9
    night = privacy_loss_distribution.from_discrete_gaussian_mechanism(
        sigma, sensitivity=sensitivity, value_discretization_interval=1e-4, pessimistic_estimate=False
    )
    year = night.self_compose(nights).get_epsilon_for_delta(delta)
    ours = epsilon_of(math.sqrt(nights) * mu_of(sensitivity, sigma), delta)
    assert year <= ours <= year * 1.02
