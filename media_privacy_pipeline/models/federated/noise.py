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
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...privacy.accountant import epsilon_of, mu_of
from ...privacy.sampler import sampler

Draw = Callable[[int, int], NDArray[np.int64]]
"""So many draws of discrete Gaussian noise of a whole scale. Only tests pass another one than ours."""


def draw(scale: int, size: int) -> NDArray[np.int64]:
    """From the system's generator, exact."""
    return sampler(scale).draw(size)


def share_scale(sigma_steps: float, honest: int) -> int:
    """Whole scale of one client's share, so that `honest` of them reach the variance sigma²: rounded up."""
    return max(1, math.ceil(sigma_steps / math.sqrt(honest)))


def tau(scale: float, clients: int) -> float:
    """How far, in the logarithm of a probability, the sum of shares may be from one discrete Gaussian."""
    if scale < 0.5:
        raise ValueError(f"a scale of {scale:g} is below 1/2: the theorem does not hold there")
    return 10 * math.fsum(math.exp(-2 * math.pi**2 * scale**2 * j / (j + 1)) for j in range(1, clients))


class Noisy(NamedTuple):
    """What was drawn in one block of one round: its bound and a share's scale in steps, and its coordinates."""

    sensitivity_steps: float
    scale: int
    coordinates: int


def mu_of_shares(part: Noisy, honest: int) -> float:
    """What a block costs in Gaussian differential privacy with the shares of `honest` clients, tau apart."""
    return mu_of(part.sensitivity_steps, part.scale * math.sqrt(honest))


def epsilon_of_rounds(parts: list[Noisy], honest: int, delta: float) -> float:
    """The ε at δ of all blocks of all rounds together, with what the sum of shares adds to it."""
    mu = math.sqrt(math.fsum(mu_of_shares(part, honest) ** 2 for part in parts))
    off = math.fsum(part.coordinates * tau(part.scale, honest) for part in parts)
    return epsilon_of(mu, delta * math.exp(-off)) + 2 * off
