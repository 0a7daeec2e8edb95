"""The noise that clients add together, each a share of it, and what the sum of the shares costs.

Each client draws a discrete Gaussian of scale s, so that h of them have the variance h s². The sum is nearly a discrete
Gaussian: by theorem 1 of Kairouz, Liu and Steinke 2021 (The Distributed Discrete Gaussian Mechanism) the probabilities
of every value differ by a factor within e^±tau, for s >= 1/2 and

    tau = 10 · sum over j from 1 to h - 1 of exp(-2 π² s² j / (j + 1))

Over D coordinates in all rounds, what is (ε, δ)-private with the discrete Gaussian is, with the sum,
(ε + 2 D tau, e^(D tau) δ)-private:

    P(S) <= e^(D tau) Q(S) <= e^(D tau) (e^ε Q'(S) + δ) <= e^(2 D tau + ε) P'(S) + e^(D tau) δ
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

from ...privacy.accountant import epsilon_of, mu_of
from ...privacy.sampler import sampler

Draw = Callable[[int, int], NDArray[np.int64]]
"""So many draws of discrete Gaussian noise of a whole scale. Only tests pass another one than ours."""


def draw(scale: int, size: int) -> NDArray[np.int64]:
    """From the system's generator, exact."""
    return sampler(scale).draw(size)


def share_scale(sigma: float, honest: int) -> int:
    """Whole scale of one client's share, so that `honest` of them reach the variance sigma²: rounded up."""
    return max(1, math.ceil(sigma / math.sqrt(honest)))


def shares_mu(sensitivity: float, scale: int, honest: int) -> float:
    """What sums that one client moves by `sensitivity` cost with `honest` shares of noise, tau apart.

    Infinite where the noise is so small that no figure is proved for it.
    """
    try:
        return mu_of(sensitivity, scale * math.sqrt(honest))
    except ValueError:
        return math.inf


def tau(scale: float, clients: int) -> float:
    """How far, in the logarithm of a probability, the sum of shares may be from one discrete Gaussian."""
    if scale < 0.5:
        raise ValueError(f"a scale of {scale:g} is below 1/2: the theorem does not hold there")
    return 10 * math.fsum(math.exp(-2 * math.pi**2 * scale**2 * j / (j + 1)) for j in range(1, clients))


def epsilon_of_shares(mus: Iterable[float], drawn: Iterable[tuple[int, int]], honest: int, delta: float) -> float:
    """The ε at δ of blocks with these mu, with what the sum of shares adds.

    `drawn` are pairs of a share's scale and how many coordinates have it.
    """
    off = math.fsum(count * tau(scale, honest) for scale, count in drawn)
    return epsilon_of(math.sqrt(math.fsum(mu * mu for mu in mus)), delta * math.exp(-off)) + 2 * off
