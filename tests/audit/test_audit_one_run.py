"""What is proved from one run's guesses is proved too high no more often than is said."""

from __future__ import annotations

import pytest
from scipy.special import expit
from scipy.stats import binom

from media_privacy_pipeline.audit.one_run import ceiling, epsilon_low, p_value

ERROR = 0.01


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 1.0, 3.0])
@pytest.mark.parametrize("guesses", [10, 100, 1000])
def test_randomised_response_is_proven_too_much_of_at_most_once_in_a_hundred(epsilon: float, guesses: int) -> None:
    # The exact probability, over every number of right guesses that randomised response of this epsilon can give.
    wrong = sum(
        binom.pmf(right, guesses, expit(epsilon))
        for right in range(guesses + 1)
        if epsilon_low(guesses, guesses, right, 0.0, ERROR) > epsilon
    )
    assert wrong <= ERROR


def test_nothing_is_proven_by_guesses_that_a_coin_could_make() -> None:
    assert epsilon_low(1000, 500, 260, 1e-9, ERROR) == 0
    assert epsilon_low(1000, 500, 300, 1e-9, ERROR) > 0.1


def test_the_ceiling_is_what_all_right_proves_and_grows_with_the_guesses() -> None:
    found = [ceiling(2 * guesses, guesses, 1e-9, ERROR) for guesses in (10, 100, 1000)]
    assert found == sorted(found)
    # All of r right has the probability q^r: at 99 %, q is proven to be .01^(1/r) at least.
    assert expit(ceiling(100, 100, 0.0, ERROR)) == pytest.approx(ERROR ** (1 / 100), rel=1e-9)


def test_delta_weakens_what_is_proven() -> None:
    sure, less, least = (epsilon_low(1000, 500, 400, delta, ERROR) for delta in (0.0, 1e-4, 1e-3))
    assert sure > less > least


def test_delta_is_weighed_by_the_worst_of_all_shifts() -> None:
    # By hand from theorem 5.2: two guesses of two canaries, both right, epsilon 0.
    beta, alpha = 1 / 4, max(1 / 2, (1 / 2 + 1 / 4) / 2)
    assert p_value(2, 2, 2, 0.0, 0.01) == pytest.approx(beta + alpha * 0.01 * 2 * 2)
