"""Weights bound an account whatever it does, and are exactly the declared formula."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.privacy.weights import ONE, largest_ratio, totals_sensitivity, weight, weight_table

bounds = st.integers(1, 20).flatmap(lambda m: st.tuples(st.just(m), st.integers(m, 50)))


@given(bounds, st.integers(1, 10**9))
def test_the_squares_and_the_sum_of_an_accounts_weights_stay_within_the_bounds(b: tuple[int, int], k: int) -> None:
    m, most = b
    f = Fraction(weight(k, m, most), ONE)
    assert 0 <= f <= 1
    assert k * f * f <= m
    assert (k * f) ** 2 <= m * most


@given(bounds, st.integers(1, 10**6))
def test_a_weight_is_the_largest_that_the_bounds_allow(b: tuple[int, int], k: int) -> None:
    m, most = b
    f = Fraction(weight(k, m, most) + 1, ONE)
    assert f > 1 or k * f * f > m or (k * f) ** 2 > m * most


@given(bounds)
def test_the_table_has_every_number_of_cells_that_counts_and_no_other(b: tuple[int, int]) -> None:
    table = weight_table(*b)
    assert min(table["weight"].to_pylist()) >= 1
    assert weight(table.num_rows + 1, *b) == 0


@given(bounds)
def test_nothing_that_an_account_adds_to_the_totals_is_negative_or_beyond_their_sensitivity(b: tuple[int, int]) -> None:
    table = weight_table(*b)
    limit, ratio = totals_sensitivity(table), largest_ratio(table)
    for kept, cut in zip(table["kept"].to_pylist(), table["cut"].to_pylist(), strict=True):
        assert kept > 0
        assert cut >= 0
        assert kept**2 + cut**2 <= limit**2 * (1 + 1e-12)
        assert 1 + cut / kept <= ratio


@pytest.mark.parametrize(("cells", "expected"), [(1, 64), (4, 64), (5, 57), (16, 32), (32, 16), (512, 1), (513, 0)])
def test_weights_of_four_and_sixteen_are_what_one_computes_by_hand(cells: int, expected: int) -> None:
    assert weight(cells, 4, 16) == expected


def test_where_the_domain_is_small_no_account_can_have_more_cells() -> None:
    whole, small = weight_table(1, 4), weight_table(1, 4, 6)
    assert small.equals(whole.slice(0, 6))
    assert largest_ratio(small) < largest_ratio(whole)
