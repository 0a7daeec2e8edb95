"""Shares of noise add up to what the central model draws, within the bound of the theorem and by test."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from federated_world import World
from scipy.stats import chi2, kstest

from media_privacy_pipeline.models.federated.blocks import Block
from media_privacy_pipeline.models.federated.noise import epsilon_of_shares, share_scale, shares_mu, tau
from media_privacy_pipeline.models.federated.sizes import Crowd
from media_privacy_pipeline.privacy.accountant import epsilon_of

SIGMA = 30_000.0
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
    assert shares_mu(1_000.0, scale, honest) <= 1_000 / math.sqrt(12_345.6**2 - 4)


def test_what_the_sum_is_off_is_paid_for() -> None:
    """At the scales of a round tau is nothing; at small ones it is in the figure, whatever the delta."""
    mu = shares_mu(10.0, 1, 400)
    assert epsilon_of_shares([mu], [(1, 50)], 400, 1e-6) > epsilon_of(mu, 1e-6) + 2 * 50 * tau(1, 400)
    assert epsilon_of_shares([mu], [(100, 10**6)], 400, 1e-6) == epsilon_of(mu, 1e-6)


def test_numbers_beside_the_diagonal_cost_what_a_whole_matrix_does() -> None:
    """Half the variance beside the diagonal is enough: a part there counts twice in the bound."""
    whole = Block("m", 6, 1e4, 4e5, 3, 4e5 / math.sqrt(2))
    assert whole.mu(100) == pytest.approx(Block("m", 6, 1e4, 4e5).mu(100), rel=1e-4)
    assert Block("m", 6, 1e4, 4e5, 3, 1e5).mu(100) == pytest.approx(1e4 / 1e5 / math.sqrt(2), rel=1e-4)
    assert Block("m", 6, 1e4, 1.0, 3, 1e5).mu(1) == math.inf


def noise_of(world: World, name: str = "long", leaving: dict[str, frozenset[int]] | None = None) -> np.ndarray:
    outcome = world.run(leaving)
    return np.asarray(outcome.sums[name] - world.sum_of(outcome.survivors, name))


def test_the_noise_of_a_round_is_gaussian_of_the_declared_scale() -> None:
    """Nobody dropped out and nobody is bad, so that the noise is exactly what was declared."""
    world = World(Crowd(24, 0, 24), sigma=SIGMA, size=20_000)
    noise = noise_of(world)
    assert kstest(noise / SIGMA, "norm").pvalue > FALSE_ALARMS
    spread = float(((noise / SIGMA) ** 2).sum())
    assert min(chi2.cdf(spread, noise.size), chi2.sf(spread, noise.size)) > FALSE_ALARMS / 2


def test_the_tests_can_tell_noise_of_a_scale_five_in_a_hundred_off() -> None:
    world = World(Crowd(24, 0, 24), sigma=SIGMA, size=20_000)
    world.terms = replace(
        world.terms, blocks=(world.terms.blocks[0]._replace(sigma=1.05 * SIGMA), world.terms.blocks[1])
    )
    spread = float(((noise_of(world) / SIGMA) ** 2).sum())
    assert chi2.sf(spread, 20_000) < FALSE_ALARMS


def test_whoever_stays_there_is_at_least_the_declared_noise_without_the_bad_ones_shares() -> None:
    """The least crowd remains and the bad add none: the honest alone reach sigma."""
    crowd = Crowd(24, 2, 20)
    world = World(crowd, sigma=SIGMA, size=20_000)
    for bad in (0, 1):
        world.devices[bad].draw = lambda scale, size: np.zeros(size, np.int64)
    noise = noise_of(world, leaving={"vector": frozenset({20, 21, 22, 23})})
    spread = float(((noise / SIGMA) ** 2).sum())
    assert min(chi2.cdf(spread, noise.size), chi2.sf(spread, noise.size)) > FALSE_ALARMS / 2
