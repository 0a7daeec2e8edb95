"""Sparse interactions: order, duplicates and bad values."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.config import ConfidenceConfig
from media_privacy_pipeline.models.interactions import Interactions, confidence

PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("tuvw"), st.integers(1, 9)), max_size=30)


def as_dict(interactions: Interactions) -> dict[tuple[str, str], float]:
    names = interactions.viewers.to_pylist()
    places = zip(interactions.rows, interactions.columns, interactions.weights, strict=True)
    return {(names[r], str(interactions.titles[c])): float(w) for r, c, w in places}


@given(PAIRS)
def test_each_pair_is_kept_once_with_its_largest_confidence(pairs: list[tuple[str, str, int]]) -> None:
    expected: dict[tuple[str, str], float] = {}
    for viewer, title, weight in pairs:
        expected[viewer, title] = max(weight, expected.get((viewer, title), 0))
    made = Interactions.of([v for v, _, _ in pairs], [t for _, t, _ in pairs], [w for _, _, w in pairs])
    assert as_dict(made) == expected
    assert made.viewers.to_pylist() == sorted({v for v, _ in expected})


@given(PAIRS, st.permutations(range(30)))
def test_the_order_of_rows_does_not_matter(pairs: list[tuple[str, str, int]], order: list[int]) -> None:
    mixed = [pairs[n] for n in order if n < len(pairs)]
    one, two = (Interactions.of([v for v, _, _ in p], [t for _, t, _ in p]) for p in (pairs, mixed))
    assert one.columns.tolist() == two.columns.tolist()
    assert one.starts.tolist() == two.starts.tolist()


@given(PAIRS, st.sets(st.sampled_from("tuvwxyz")))
def test_over_another_catalogue_only_its_titles_stay(pairs: list[tuple[str, str, int]], titles: set[str]) -> None:
    made = Interactions.of([v for v, _, _ in pairs], [t for _, t, _ in pairs], [w for _, _, w in pairs])
    moved = made.over(np.array(sorted(titles), np.str_))
    assert as_dict(moved) == {pair: w for pair, w in as_dict(made).items() if pair[1] in titles}
    assert moved.viewers.equals(made.viewers)


@pytest.mark.parametrize("weight", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_confidence_that_is_no_positive_number_is_a_clear_error(weight: float) -> None:
    with pytest.raises(UsageError, match="1 of 2 confidences are not positive numbers"):
        Interactions.of(["a", "b"], ["t", "t"], [1.0, weight])


def test_missing_ids_are_counted_in_a_clear_error() -> None:
    with pytest.raises(UsageError, match="1 without a viewer, 2 without a title"):
        Interactions.of(pa.chunked_array([["a", None, "b"]]), pa.chunked_array([[None, None, "t"]]))


def test_pairs_of_nobody_among_the_viewers_are_a_clear_error() -> None:
    with pytest.raises(UsageError, match="1 of 2 belong to nobody"):
        Interactions.of(["a", "b"], ["t", "t"], everyone=pa.array(["a"]))


def test_confidence_grows_with_what_was_watched_and_less_and_less() -> None:
    plays = np.array([1, 1, 1, 2, 4])
    timed, seconds = np.array([1, 1, 0, 2, 4]), np.array([0, 900, 0, 3600, 36_000])
    values = confidence(plays, timed, seconds, ConfidenceConfig(alpha=4, full_view_seconds=1800))
    assert values[0] == 1
    assert values[2] == 5
    assert (np.diff(values) > 0).all()
