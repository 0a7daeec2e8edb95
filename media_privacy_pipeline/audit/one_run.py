"""What so many right guesses prove of epsilon, where all were made from one run (Steinke, Nasr and Jagielski 2023)."""

from __future__ import annotations

import numpy as np

_STEPS = 40


def p_value(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """The most that an (epsilon, delta)-private run gives to `right` right guesses or more among `guesses`, each about
    another of `canaries` that were in with a fair coin each (theorem 5.2)."""
    from scipy.special import expit
    from scipy.stats import binom

    chance = expit(epsilon)
    beta = float(binom.sf(right - 1, guesses, chance))
    if not delta or not right:
        return min(1.0, beta)
    # P(right - i <= W < right) for i = 1, 2, ..., and the largest of them a step.
    below = np.cumsum(binom.pmf(np.arange(right - 1, -1, -1), guesses, chance))
    alpha = float((below / np.arange(1, right + 1)).max())
    return min(1.0, beta + alpha * delta * 2 * canaries)


def epsilon_low(canaries: int, guesses: int, right: int, delta: float, error: float) -> float:
    """The epsilon that these guesses prove, with a chance of `error` of proving too much; rounded down."""
    if p_value(canaries, guesses, right, 0.0, delta) >= error:
        return 0.0
    low, high = 0.0, 1.0
    while p_value(canaries, guesses, right, high, delta) < error:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if p_value(canaries, guesses, right, middle, delta) < error else (low, middle)
    return low


def ceiling(canaries: int, guesses: int, delta: float, error: float) -> float:
    """The most that so many guesses could prove, were every one of them right."""
    return epsilon_low(canaries, guesses, guesses, delta, error)
