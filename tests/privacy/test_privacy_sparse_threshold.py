"""What one account alone has stays hidden but with the probability declared: exactly, jointly, and no looser."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from privacy_world import FIRST
from scipy.special import ndtr
from scipy.stats import beta

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.privacy import BudgetLedger, Spend
from media_privacy_pipeline.privacy.accountant import epsilon_of, thresholded_delta
from media_privacy_pipeline.privacy.mechanism import mechanism_of, weights_of
from media_privacy_pipeline.privacy.noise import own_noise
from media_privacy_pipeline.privacy.sparse_threshold import alone, least_threshold, told_probability
from media_privacy_pipeline.privacy.weights import weight, weight_table
from media_privacy_pipeline.release_policy import Budget, TableStatement

DELTA = 1e-3
DRAWS = 60_000
BLOCK = 5_000
MOST = 256
"""So many cells, each of the least weight there is, are told more easily than one cell that counts whole."""
# Of each world two bounds are looked at, each wrong once in 10,000 times at most: under 1e-3 false alarms a run.
ALARM = 1e-4


class Bounds(NamedTuple):
    """The least and the most that a probability may be, at ALARM each."""

    low: float
    high: float


def _statement(threshold_delta: float = DELTA) -> TableStatement:
    return TableStatement.model_validate(
        {
            "title": "A toy",
            "cells": {"query": {"unknown": True}},
            "measures": {"accounts": {"budget": 0.9}},
            "squared_norm": 2,
            "most_cells": 8,
            "mu": 1.0,
            "totals_budget": 0.1,
            "threshold_delta": threshold_delta,
        }
    )


@lru_cache
def _highest(cells: int) -> NDArray[np.int64]:
    """The highest noisy count of a lone account's cells, of many worlds that hold nobody else; the world without the
    account tells none of these cells, ever."""
    statement = _statement()
    mine = np.full((BLOCK, cells), weight(cells, statement.squared_norm, statement.most_cells), np.int64)
    sigma = mechanism_of(statement).sums[0].sigma
    return np.concatenate([own_noise(mine, sigma).max(axis=1) for _ in range(DRAWS // BLOCK)])


def _told_alone(cells: int, threshold: int) -> Bounds:
    """How often any of the cells is told."""
    hits = int((_highest(cells) >= threshold).sum())
    low = float(beta.ppf(ALARM, hits, DRAWS - hits + 1)) if hits else 0.0
    return Bounds(low, float(beta.ppf(1 - ALARM, hits + 1, DRAWS - hits)))


@pytest.mark.parametrize("cells", [1, 2, 3, 16, MOST])
def test_a_lone_account_is_told_no_more_often_than_declared(cells: int) -> None:
    assert _told_alone(cells, mechanism_of(_statement()).threshold).low <= DELTA


def test_the_worst_lone_account_comes_close_to_what_is_declared() -> None:
    assert max(alone(weights_of(_statement())).values()) == MOST
    assert _told_alone(MOST, mechanism_of(_statement()).threshold).low > DELTA / 3


def test_a_threshold_lower_by_three_tenths_of_sigma_is_caught() -> None:
    mechanism = mechanism_of(_statement())
    lower = mechanism.threshold - round(0.3 * mechanism.sums[0].sigma)
    assert _told_alone(MOST, lower).low > DELTA


@settings(max_examples=8)
@given(st.integers(1, 4), st.integers(4, 12), st.integers(8, 150), st.sampled_from([1e-2, 1e-6, 1e-13]))
def test_the_threshold_is_the_least_that_hides_every_account_summed_point_by_point(
    norm: int, most: int, sigma: int, delta: float
) -> None:
    weights = weight_table(norm, most)
    threshold = least_threshold(weights, sigma, delta)
    told = [_told_exactly(weights, sigma, at) for at in (threshold, threshold - 1)]
    assert told[0] <= Decimal(delta)
    assert told[1] > Decimal(delta) * (1 - Decimal(10) ** -8)
    assert told_probability(weights, sigma, threshold) == pytest.approx(float(told[0]), rel=1e-9)


def test_only_the_most_cells_of_a_weight_need_looking_at() -> None:
    weights = weights_of(_statement())
    assert alone(weights)[64] == 2
    assert sum(alone(weights).values()) < sum(weights["cells"].to_pylist())


def _told_exactly(weights, sigma: int, threshold: int) -> Decimal:  # type: ignore[no-untyped-def]
    """1 - (1 - P(w + X >= T))^k at its worst, from the law itself, to 60 digits."""
    with localcontext() as context:
        context.prec = 60
        law = [(-Decimal(n * n) / (2 * sigma * sigma)).exp() for n in range(14 * sigma + 1)]
        whole = 2 * sum(law) - 1
        told = Decimal(0)
        for w, cells in {weight(k, *_bounds(weights)): k for k in weights["cells"].to_pylist()}.items():
            tail = sum(law[max(1, threshold - w) :]) / whole
            told = max(told, 1 - (1 - tail) ** cells)
        return told


def _bounds(weights) -> tuple[int, int]:  # type: ignore[no-untyped-def]
    """Norm and most cells of a table of weights, as its totals tell them."""
    cells, kept, cut = (weights[name].to_pylist() for name in ("cells", "kept", "cut"))
    most = (kept[-1] + cut[-1]) // 64
    norm = max(k for k, w in zip(cells, weights["weight"].to_pylist(), strict=True) if w == 64)
    return norm, most


@given(st.floats(0.1, 4), st.floats(1e-15, 1e-3), st.floats(0, 9))
def test_thresholds_cost_both_ways_what_two_worlds_that_differ_by_them_cost(
    mu: float, hidden: float, epsilon: float
) -> None:
    """The two worlds themselves: N(0, 1) without the account; with it N(mu, 1), but told with probability hidden."""
    steps = np.linspace(-14, 14 + mu, 40_001)
    masses, moved = np.diff(ndtr(steps)), np.diff(ndtr(steps - mu))
    with_it = hidden + np.maximum((1 - hidden) * moved - math.exp(epsilon) * masses, 0).sum()
    without = np.maximum(masses - math.exp(epsilon) * (1 - hidden) * moved, 0).sum()
    assert thresholded_delta(mu, hidden, epsilon) == pytest.approx(max(with_it, without), rel=1e-3, abs=1e-10)


@given(st.floats(0.1, 4), st.floats(1e-12, 1e-6), st.floats(0, 0.99))
def test_epsilon_with_thresholds_is_kept_and_never_below_that_without(mu: float, delta: float, part: float) -> None:
    hidden = part * delta
    epsilon = epsilon_of(mu, delta, hidden)
    assert epsilon >= epsilon_of(mu, delta) * (1 - 1e-12)
    assert thresholded_delta(mu, hidden, epsilon) <= delta * (1 + 1e-12)
    # And never dearer than taking the thresholds' part off delta first.
    assert epsilon <= epsilon_of(mu, delta - hidden) * (1 + 1e-12)


def test_a_year_of_thresholds_beyond_the_delta_is_refused_in_time(ledger_url: str) -> None:
    ledger = BudgetLedger(ledger_url, Budget(unit="account", days=365, epsilon=10, delta=1e-9))
    spend = Spend("account-day", "none", "none", 0.01, 3e-10)
    for partition in "abc":
        ledger.charge("t", partition, FIRST, spend)
    assert 0 < ledger.year_epsilon(FIRST) < 1
    with pytest.raises(Refused, match="epsilon inf at delta 1e-09"):
        ledger.charge("t", "d", FIRST, spend)
    assert len(ledger.charges()) == 3
    ledger.close()
