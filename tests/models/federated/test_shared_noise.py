"""Shares of noise add up to what the central model draws, within the bound of the theorem and by test."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from federated_world import World
from scipy.stats import chi2, kstest

from media_privacy_pipeline.models.federated.noise import Noisy, epsilon_of_rounds, mu_of_shares, share_scale, tau
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.privacy.accountant import epsilon_of

FALSE_ALARMS = 1e-6
"""Of each test here, since noise is never seeded."""


def gaussian(sigma: float, reach: int) -> np.ndarray:
    x = np.arange(-reach, reach + 1)
    weights = np.exp(-(x**2) / (2 * sigma**2))
    return np.asarray(weights / weights.sum())


@pytest.mark.parametrize(("scale", "clients"), [(0.5, 2), (0.5, 8), (0.7, 5), (1.0, 3), (1.0, 20)])
def test_the_sum_of_shares_is_within_the_bound_of_one_discrete_gaussian(scale: float, clients: int) -> None:
    reach = 40
    total = share = gaussian(scale, reach)
    for _ in range(clients - 1):
        total = np.convolve(total, share)
    middle = len(total) // 2
    near = slice(middle - 12, middle + 13)
    one = gaussian(scale * math.sqrt(clients), middle)
    off = np.abs(np.log(total[near] / one[near])).max()
    assert off <= tau(scale, clients) + 1e-12
    # The bound means something: it is not met by sums of less.
    if clients == 2:
        assert off > tau(scale + 0.3, clients)


def test_the_theorem_is_not_used_where_it_does_not_hold() -> None:
    with pytest.raises(ValueError, match="below 1/2"):
        tau(0.4, 10)


@pytest.mark.parametrize("honest", [1, 7, 100, 4_700])
def test_shares_of_the_honest_reach_the_declared_noise(honest: int) -> None:
    scale = share_scale(12_345.6, honest)
    assert scale * math.sqrt(honest) >= 12_345.6
    assert mu_of_shares(Noisy(1_000.0, scale, 5), honest) <= 1_000 / math.sqrt(12_345.6**2 - 4)


def test_what_the_sum_is_off_is_paid_for() -> None:
    """At the scales of a round tau is nothing; at small ones it is in the figure, whatever the delta."""
    coarse = Noisy(10.0, 1, 50)
    mu = mu_of_shares(coarse, 400)
    assert epsilon_of_rounds([coarse], 400, 1e-6) > epsilon_of(mu, 1e-6) + 2 * 50 * tau(1, 400)
    fine = Noisy(1e6, 10**6, 10**6)
    assert epsilon_of_rounds([fine], 400, 1e-6) == epsilon_of(mu_of_shares(fine, 400), 1e-6)


def noise_of(world: World, leaving: dict[str, frozenset[int]] | None = None) -> np.ndarray:
    outcome = world.run(leaving)
    return outcome.sums["long"] - world.sum_of(outcome.survivors, "long")


def test_the_noise_of_a_round_is_gaussian_of_the_declared_scale() -> None:
    """Nobody dropped out and nobody is bad, so that the noise is exactly what was declared."""
    world = World(Crowd(24, 0, 24), sigma=3.0, size=20_000)
    noise = noise_of(world)
    assert kstest(noise / 3.0, "norm").pvalue > FALSE_ALARMS
    spread = float(((noise / 3.0) ** 2).sum())
    assert min(chi2.cdf(spread, noise.size), chi2.sf(spread, noise.size)) > FALSE_ALARMS / 2


def test_the_tests_can_tell_noise_of_a_scale_five_in_a_hundred_off() -> None:
    world = World(Crowd(24, 0, 24), sigma=3.0, size=20_000)
    world.terms = replace(world.terms, blocks=(world.terms.blocks[0]._replace(sigma=3.15), world.terms.blocks[1]))
    spread = float(((noise_of(world) / 3.0) ** 2).sum())
    assert chi2.sf(spread, 20_000) < FALSE_ALARMS


def test_whoever_stays_there_is_at_least_the_declared_noise_without_the_bad_ones_shares() -> None:
    """The least crowd remains and the bad add none: the honest alone reach sigma."""
    crowd = Crowd(24, 2, 20)
    world = World(crowd, sigma=3.0, size=20_000)
    for bad in (0, 1):
        world.devices[bad].draw = lambda scale, size: np.zeros(size, np.int64)
    noise = noise_of(world, {"vector": frozenset({20, 21, 22, 23})})
    spread = float(((noise / 3.0) ** 2).sum())
    assert min(chi2.cdf(spread, noise.size), chi2.sf(spread, noise.size)) > FALSE_ALARMS / 2
