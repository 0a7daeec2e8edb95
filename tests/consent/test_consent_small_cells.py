"""No count of a few is told, and none can be found by subtraction from the whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.consent.small_cells import OTHER, told, told_by

COUNTS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 40), max_size=8)


@given(COUNTS, st.integers(1, 20))
def test_every_count_is_of_enough_people(counts: dict[str, int], least: int) -> None:
    assert all(count >= least for count in told(counts, least).values())


@given(COUNTS, st.integers(1, 20))
def test_the_whole_is_told_or_nothing_is(counts: dict[str, int], least: int) -> None:
    """So that subtraction gives what is told as `other` and no more."""
    found = told(counts, least)
    assert not found or sum(found.values()) == sum(counts.values())
    assert bool(found) == (sum(counts.values()) >= least and bool(counts))


@given(COUNTS, st.integers(1, 20))
def test_what_is_told_by_name_is_exact(counts: dict[str, int], least: int) -> None:
    found = told(counts, least)
    assert all(counts[name] == count for name, count in found.items() if name != OTHER)
    if all(count >= least for count in counts.values()):
        assert found == counts


def test_a_single_small_cell_takes_the_next_larger_with_it() -> None:
    assert told({"a": 100, "b": 12, "c": 2}, 10) == {"a": 100, OTHER: 14}
    assert told({"a": 100, "b": 6, "c": 5}, 10) == {"a": 100, OTHER: 11}
    assert told({"a": 3, "b": 2}, 10) == {}


def test_each_whole_is_told_by_itself() -> None:
    rows = [{"p": "x", "r": "a", "n": 20}, {"p": "x", "r": "b", "n": 3}, {"p": "y", "r": "a", "n": 4}]
    assert told_by(rows, ["p"], "r", "n", 10) == [{"p": "x", "r": OTHER, "n": 23}]
