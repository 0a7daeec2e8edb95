"""What the sampler draws is the discrete Gaussian that it was asked for, and what OpenDP draws.

Every statistical test here fails by chance with a probability of 1e-6 at most, about 2e-5 for the file.
"""

from __future__ import annotations

import os
import random
from inspect import signature

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import chi2, chi2_contingency, norm

from media_privacy_pipeline.privacy import noise, sampler
from media_privacy_pipeline.privacy.noise import discrete_gaussian, opendp_noise, own_noise
from media_privacy_pipeline.privacy.sampler import Sampler

DRAWS = 1_000_000
LEAST_P = 1e-6
SCALES = [1, 3, 100, 1811, 9001, 13_600_000]


def edges_of(sigma: float, bins: int = 100) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Last values of all bins but the last, and the bins' exact probabilities under the discrete Gaussian."""
    reach = int(9 * sigma) + 2
    if sigma > 20_000:
        # So far from the steps the distribution function is the normal one at the middle of a step, within 1e-14.
        edges = np.unique(np.floor(norm.ppf(np.arange(1, bins) / bins) * sigma)).astype(np.int64)
        return edges, np.diff(norm.cdf((edges + 0.5) / sigma), prepend=0, append=1)
    values = np.arange(-reach, reach + 1)
    weights = np.exp(-((values / sigma) ** 2) / 2)
    cumulative = np.cumsum(weights) / weights.sum()
    # A value that holds more than a bin's share is a bin of its own.
    cuts = np.unique(np.searchsorted(cumulative, np.arange(1, bins) / bins))
    return values[cuts], np.diff(cumulative[cuts], prepend=0, append=1)


def p_of(drawn: NDArray[np.int64], sigma: float) -> float:
    edges, probabilities = edges_of(sigma)
    counts = np.bincount(np.searchsorted(edges, drawn), minlength=probabilities.size)
    expected = probabilities * drawn.size
    return float(chi2.sf((((counts - expected) ** 2) / expected).sum(), probabilities.size - 1))


@pytest.mark.parametrize("sigma", SCALES)
def test_a_million_draws_fit_the_declared_scale_and_no_other(sigma: int) -> None:
    drawn = Sampler(sigma).draw(DRAWS)
    assert p_of(drawn, sigma) > LEAST_P
    for wrong in (0.9 * sigma, 1.1 * sigma):
        assert p_of(drawn, wrong) < 1e-100


def test_every_single_value_has_its_probability_where_steps_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampler, "LARGEST_TABLE_SCALE", 32)
    composed = Sampler(100)
    assert composed.step == 4
    drawn = composed.draw(DRAWS)
    values = np.arange(-300, 301)
    weights = np.exp(-((np.arange(-1500, 1501) / 100) ** 2) / 2)
    expected = DRAWS * weights[1200:1801] / weights.sum()
    counts = np.bincount(drawn[np.abs(drawn) <= 300] + 300, minlength=values.size)
    rest, rest_expected = DRAWS - counts.sum(), DRAWS - expected.sum()
    statistic = (((counts - expected) ** 2) / expected).sum() + (rest - rest_expected) ** 2 / rest_expected
    assert chi2.sf(statistic, values.size) > LEAST_P


def test_the_low_bits_of_a_large_scale_are_uniform() -> None:
    drawn = Sampler(13_600_000).draw(DRAWS)
    counts = np.bincount(drawn % 256, minlength=256)
    statistic = ((counts - DRAWS / 256) ** 2).sum() / (DRAWS / 256)
    assert chi2.sf(statistic, 255) > LEAST_P


@pytest.mark.parametrize("sigma", [2, 100, 9001, 13_600_000])
def test_own_draws_and_those_of_opendp_are_one_distribution(sigma: int) -> None:
    edges, probabilities = edges_of(sigma, bins=50)
    zeros = np.zeros(100_000, np.int64)
    counts = [
        np.bincount(np.searchsorted(edges, drawn), minlength=probabilities.size)
        for drawn in (Sampler(sigma).draw(DRAWS), opendp_noise(zeros, sigma))
    ]
    likely = probabilities > 1e-4
    assert chi2_contingency(np.array(counts)[:, likely]).pvalue > LEAST_P
    # The test would see a scale that is 10 % off.
    shrunk = np.rint(0.9 * Sampler(sigma).draw(DRAWS)).astype(np.int64)
    counts[0] = np.bincount(np.searchsorted(edges, shrunk), minlength=probabilities.size)
    if sigma > 2:
        assert chi2_contingency(np.array(counts)[:, likely]).pvalue < 1e-20


@pytest.mark.parametrize("sigma", [1, 100, 9001])
def test_signs_are_even_zero_is_not_doubled_and_tails_are_there(sigma: int) -> None:
    drawn = Sampler(sigma).draw(DRAWS)
    zeros, positive = int((drawn == 0).sum()), int((drawn > 0).sum())
    # Five standard deviations: a probability of 6e-7 each.
    assert abs(positive - (DRAWS - zeros) / 2) < 5 * np.sqrt(DRAWS) / 2
    weights = np.exp(-((np.arange(1, 10 * sigma) / sigma) ** 2) / 2)
    zero = 1 / (1 + 2 * weights.sum())
    assert abs(zeros - DRAWS * zero) < 5 * np.sqrt(DRAWS * zero) + 5
    # None as far as 9 scales (1e-12 over a million), some beyond 4 (32 expected on a side; none: 1e-14).
    assert np.abs(drawn).max() <= 9 * sigma + 1
    assert (drawn >= 4 * sigma).any()
    assert (drawn <= -4 * sigma).any()


def test_there_is_no_seed() -> None:
    same = Sampler(1000)
    assert (same.draw(10_000) != same.draw(10_000)).mean() > 0.99


def test_bits_are_those_of_the_system_whatever_else_is_seeded() -> None:
    assert signature(Sampler.draw).parameters["source"].default is os.urandom
    drawn = []
    for _ in range(2):
        random.seed(1)
        np.random.seed(1)
        drawn.append(own_noise(np.zeros(10_000, np.int64), 1000))
    assert (drawn[0] != drawn[1]).mean() > 0.99


def test_neighbouring_draws_are_independent() -> None:
    drawn = Sampler(100).draw(DRAWS).astype(np.float64) / 100
    for lag in (1, 2, 1 << 16):
        assert abs((drawn[:-lag] * drawn[lag:]).mean()) < 5 / np.sqrt(DRAWS - lag)


def test_a_table_is_made_once_and_for_its_own_scale_alone() -> None:
    assert sampler.sampler(1811) is sampler.sampler(1811)
    assert sampler.table_scale(4100) == sampler.table_scale(4101)
    assert [sampler.sampler(sigma).sigma for sigma in (4100, 4101)] == [4100, 4101]


@pytest.mark.parametrize("count", [0, 1, 65_535, 65_536, 65_537])
def test_as_many_are_drawn_as_were_asked_for(count: int) -> None:
    assert Sampler(10).draw(count).shape == (count,)


def test_who_draws_depends_on_shape_and_scale_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[str] = []
    for name in ("own_noise", "opendp_noise"):
        monkeypatch.setattr(noise, name, lambda values, sigma, name=name: used.append(name) or values)
    for values in (np.zeros(2, np.int64), np.full(2, 2**50), np.zeros(5000, np.int64), np.full(5000, -(2**50))):
        discrete_gaussian(values, 1811)
    assert used == ["opendp_noise"] * 2 + ["own_noise"] * 2


@pytest.mark.parametrize("add", [discrete_gaussian, own_noise, opendp_noise])
def test_sums_that_might_leave_64_bits_are_refused_and_the_largest_are_not_wrapped(add: noise.Noise) -> None:
    for value in (2**55 + 1, -(2**55) - 1, np.iinfo(np.int64).min):
        with pytest.raises(ValueError, match="64-bit"):
            add(np.array([0, value]), 10)
    for sigma in (0, -1, 2**55 + 1):
        with pytest.raises(ValueError, match="64-bit"):
            add(np.zeros(3, np.int64), sigma)
    for value in (2**55, -(2**55)):
        drawn = add(np.full(50, value), 2**55)
        # Noise of 9 scales: 1e-17 over these draws.
        assert all(abs(int(one) - value) < 9 * 2**55 for one in drawn)


@pytest.mark.parametrize("add", [own_noise, opendp_noise])
def test_noise_is_added_to_the_values_in_their_places(add: noise.Noise) -> None:
    values = np.arange(3000, dtype=np.int64) * 10**9
    drawn = add(values, 3) - values
    assert np.abs(drawn).max() <= 30
    # Each place has a draw of its own: neighbours are equal once in ten.
    assert (np.diff(drawn) == 0).mean() < 0.2
    assert add(np.zeros(0, np.int64), 3).size == 0


@pytest.mark.parametrize("size", [3, 5000])
@pytest.mark.parametrize("kind", [np.float64, np.uint64])
def test_what_64_bit_integers_do_not_hold_is_refused_whatever_its_size(size: int, kind: type) -> None:
    with pytest.raises(TypeError, match="integers"):
        discrete_gaussian(np.zeros(size, kind), 1000)
