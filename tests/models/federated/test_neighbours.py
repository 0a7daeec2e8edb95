"""Neighbours are drawn alike by both sides, and are as many and as mixed as the bounds want."""

from __future__ import annotations

import math

import pytest
from scipy.special import gammaln
from scipy.stats import binom

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.federated import sizes
from media_privacy_pipeline.models.federated.neighbours import graph_of
from media_privacy_pipeline.models.federated.sizes import Crowd, sizes_of

CROWD = Crowd(1_000, 10, 950)


def test_neighbours_are_mutual_and_no_more_than_the_degree() -> None:
    graph = graph_of(b"a round", 300, 20)
    for u, near in enumerate(graph):
        assert u not in near
        assert list(near) == sorted(set(near))
        assert 2 <= len(near) <= 20
        assert all(u in graph[v] for v in near)
    assert sum(map(len, graph)) / 300 > 19


def test_another_round_has_other_neighbours_and_the_same_round_the_same() -> None:
    assert graph_of(b"a round", 300, 20) != graph_of(b"another", 300, 20)
    first = graph_of(b"a round", 300, 20)
    graph_of.cache_clear()
    assert graph_of(b"a round", 300, 20) == first


def test_a_small_crowd_is_complete() -> None:
    assert sizes_of(Crowd(30, 1, 25)).degree == 29
    assert graph_of(b"a round", 4, 3) == ((1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2))


def test_a_large_crowd_is_sparse_and_its_bounds_hold() -> None:
    found = sizes_of(CROWD)
    assert found.degree < 80
    assert 2 * found.threshold > found.degree + found.corrupt
    # A round ends where 5 in 100 drop out: nearly every client has a threshold of neighbours left.
    assert CROWD.clients * binom.cdf(found.threshold - 1, found.degree - 3, 0.95) < 1e-6
    # No more bad neighbours than there are bad clients.
    assert found.corrupt <= CROWD.corrupt


def test_bad_neighbours_are_bounded_by_more_than_the_exact_tail() -> None:
    least = -sizes.BITS * math.log(2)
    bad = sizes._most_corrupt(100, 250, 5_000, least)
    assert bad is not None
    assert 10 < bad < 60
    assert 5_000 * binom.sf(bad, 100, 250 / 4_999) < 2.0**-sizes.BITS
    # And it is not far above: with a third fewer the exact tail is past the bound.
    assert 5_000 * binom.sf(bad * 2 // 3, 100, 250 / 4_999) > 2.0**-sizes.BITS


def test_more_bad_clients_need_more_neighbours() -> None:
    assert sizes_of(Crowd(1_000, 0, 950)).degree <= sizes_of(CROWD).degree < sizes_of(Crowd(1_000, 20, 950)).degree


def test_the_law_of_runs_on_a_ring_is_a_law() -> None:
    """Its probabilities sum to one, and the mean of edges inside is s (s - 1) / (n - 1)."""
    n, s = 24, 9
    tilted, choices = sizes._tilted(n)
    assert choices[s - 1] == pytest.approx(gammaln(n + 1) - gammaln(s + 1) - gammaln(n - s + 1))
    runs = range(1, s + 1)
    p = [n / r * math.comb(s - 1, r - 1) * math.comb(n - s - 1, r - 1) / math.comb(n, s) for r in runs]
    assert sum(p) == pytest.approx(1)
    assert sum(q * (s - r) for q, r in zip(p, runs, strict=True)) == pytest.approx(s * (s - 1) / (n - 1))
    mean = sum(q * math.exp(sizes._LOG_TILTS[3] * (s - r)) for q, r in zip(p, runs, strict=True))
    assert tilted[s - 1, 3] == pytest.approx(math.log(mean))


@pytest.mark.parametrize("crowd", [Crowd(2, 0, 2), Crowd(10, 5, 10), Crowd(10, 0, 11), Crowd(10, -1, 10)])
def test_a_crowd_that_protects_nobody_is_a_clear_error(crowd: Crowd) -> None:
    with pytest.raises(UsageError, match="at least three must be in the sum, most of them honest"):
        sizes_of(crowd)


def test_a_small_crowd_that_could_lose_too_many_is_a_clear_error() -> None:
    with pytest.raises(UsageError, match="12 must be in the sum, so that a secret can be put together"):
        sizes_of(Crowd(20, 2, 8))
