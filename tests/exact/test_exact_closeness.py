"""k, l and t are what the papers define."""

from __future__ import annotations

from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.exact.closeness import distinct_l, earth_movers, entropy_l, variation

COUNTS = st.dictionaries(st.sampled_from("abcd"), st.integers(1, 50), min_size=1)


def test_l_counts_values_and_weighs_them() -> None:
    even, uneven = {"a": 5, "b": 5, "c": 0}, {"a": 99, "b": 1}
    assert (distinct_l(even), distinct_l(uneven)) == (2, 2)
    assert entropy_l(even) == pytest.approx(2)
    assert log(entropy_l(uneven)) == pytest.approx(-(0.99 * log(0.99) + 0.01 * log(0.01)))


def test_earth_movers_distance_is_that_of_the_paper() -> None:
    # Li, Li and Venkatasubramanian 2007, section 5.2: salaries 3k..11k, one each, against {3k,4k,5k} and {6k,8k,11k}.
    order = [f"{n}k" for n in range(3, 12)]
    whole = dict.fromkeys(order, 1)
    assert earth_movers({"3k": 1, "4k": 1, "5k": 1}, whole, order) == pytest.approx(0.375)
    assert earth_movers({"6k": 1, "8k": 1, "11k": 1}, whole, order) == pytest.approx(0.167, abs=1e-3)


def test_a_value_without_a_place_in_the_order_has_no_distance() -> None:
    with pytest.raises(KeyError):
        earth_movers({"z": 1}, {"a": 1}, ["a", "b"])


@given(COUNTS, COUNTS)
def test_distances_are_between_nothing_and_everything(counts: dict[str, int], whole: dict[str, int]) -> None:
    for distance in (variation(counts, whole), earth_movers(counts, whole, "abcd")):
        assert -1e-12 <= distance <= 1 + 1e-12
    assert variation(counts, counts) == earth_movers(whole, whole, "abcd") == 0
    # Along an order nothing moves further than everything that has to move, nor less than one step.
    moved = variation(counts, whole)
    assert moved / 3 - 1e-12 <= earth_movers(counts, whole, "abcd") <= moved + 1e-12


@given(COUNTS)
def test_entropy_l_is_between_one_and_distinct_l(counts: dict[str, int]) -> None:
    assert 1 - 1e-9 <= entropy_l(counts) <= distinct_l(counts) + 1e-9
