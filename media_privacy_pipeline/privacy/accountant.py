"""What a release costs: exact Gaussian differential privacy, composed, and turned into (epsilon, delta).

Sources: Dong, Roth and Su 2022 (Gaussian differential privacy; composition and Corollary 2.13); Canonne, Kamath and
Steinke 2020 (the discrete Gaussian); the smoothing argument that joins the two is in docs/privacy-proofs.md. In plain
`math`, since what a policy costs is asked long before anything heavy is loaded.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

_SMOOTHING = 4.0
"""Variance that the discrete noise gives up to be the rounding of a continuous one: the two then differ by a factor
within 1 ± 1e-33 a coordinate."""
_LEAST_SIGMA = 8.0
_ASYMPTOTIC = -30.0
_STEPS = 200


def mu_of(sensitivity: float, sigma: float) -> float:
    """The mu of discrete Gaussian noise of scale sigma on integers that one unit moves by at most `sensitivity` in L2.

    Raises ValueError below a scale of 8, where the proof of the certificate does not hold.
    """
    if sigma < _LEAST_SIGMA:
        raise ValueError(f"a scale of {sigma:g} is below {_LEAST_SIGMA:g}: the certificate needs a finer resolution")
    return sensitivity / math.sqrt(sigma**2 - _SMOOTHING)


def sigma_for(sensitivity: float, mu: float) -> int:
    """The least whole scale of discrete Gaussian noise whose cost is at most mu: rounded up, never down."""
    sigma = max(math.ceil(math.sqrt((sensitivity / mu) ** 2 + _SMOOTHING)), math.ceil(_LEAST_SIGMA))
    while mu_of(sensitivity, sigma) > mu:
        sigma += 1
    return sigma


def compose(mus: Iterable[float]) -> float:
    """The mu of several releases together, each of which may depend on the ones before it."""
    return math.sqrt(math.fsum(mu * mu for mu in mus))


def delta_of(mu: float, epsilon: float) -> float:
    """The least delta at which mu-Gaussian privacy is (epsilon, delta)-differential privacy."""
    if mu == 0:
        return 0.0
    first, second = _log_phi(mu / 2 - epsilon / mu), epsilon + _log_phi(-mu / 2 - epsilon / mu)
    # The difference of the two is taken as a factor, so that neither underflows before the other.
    return 0.0 if second >= first else math.exp(first) * -math.expm1(second - first)


def thresholded_delta(mu: float, threshold_delta: float, epsilon: float) -> float:
    """The least delta at which mu-Gaussian privacy, joined to thresholds that tell what is one account's alone with a
    probability of threshold_delta at most, is (epsilon, delta)-private (docs/privacy-proofs.md, 9)."""
    shift = -math.log1p(-threshold_delta)
    with_it = threshold_delta + (1 - threshold_delta) * delta_of(mu, epsilon + shift)
    return max(with_it, delta_of(mu, epsilon - shift)) if mu else threshold_delta


def epsilon_of(mu: float, delta: float, threshold_delta: float = 0.0) -> float:
    """The least epsilon at which mu-Gaussian privacy is (epsilon, delta)-differential privacy; the upper end of the
    last bisection step, hence never too small. Infinite where thresholds alone take the whole delta."""
    if threshold_delta:
        return _thresholded_epsilon(mu, delta, threshold_delta)
    if mu == 0:
        return 0.0
    low, high = 0.0, 1.0
    if delta_of(mu, low) <= delta:
        return 0.0
    while delta_of(mu, high) > delta:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if delta_of(mu, middle) > delta else (low, middle)
    return high


def mu_within(epsilon: float, delta: float, threshold_delta: float = 0.0) -> float:
    """The largest mu whose epsilon at delta, beside thresholds, is at most epsilon; the lower end of the last step."""
    low, high = 0.0, 64.0
    if epsilon_of(low, delta, threshold_delta) > epsilon:
        return 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if epsilon_of(middle, delta, threshold_delta) > epsilon else (middle, high)
    return low


def _thresholded_epsilon(mu: float, delta: float, threshold_delta: float) -> float:
    if threshold_delta >= delta:
        return math.inf
    # Never below the figure of the Gaussian part alone, and hardly above that of what is left of delta.
    low, high = epsilon_of(mu, delta), epsilon_of(mu, delta - threshold_delta) + 1
    while thresholded_delta(mu, threshold_delta, high) > delta:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if thresholded_delta(mu, threshold_delta, middle) > delta else (low, middle)
    return high


def _log_phi(x: float) -> float:
    """Logarithm of the standard normal distribution function, also where the function itself underflows."""
    if x > _ASYMPTOTIC:
        return math.log(math.erfc(-x / math.sqrt(2)) / 2)
    squared = 1 / (x * x)
    series = 1 - squared * (1 - 3 * squared * (1 - 5 * squared * (1 - 7 * squared)))
    return -x * x / 2 - math.log(-x * math.sqrt(2 * math.pi)) + math.log(series)
