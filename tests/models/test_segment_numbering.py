"""Numbers and names from month to month: the same tastes keep theirs in whatever order they come out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.models.segments.learning import Segmentation
from media_privacy_pipeline.models.segments.numbering import known_segments, numbered
from media_privacy_pipeline.models.segments.space import Known, Plan

GENRES = ("comedy", "drama", "horror", "western")


def plan(before: tuple[Known, ...] = (), genres: tuple[str, ...] = GENRES) -> Plan:
    k = len(genres)
    return Plan(
        period="2026-03",
        genres=genres,
        mean=(0.0,) * k,
        scale=(1.0,) * k,
        anchors=(),
        starts=(),
        titles={},
        iterations=3,
        before=before,
    )


def found(order: tuple[int, ...], noise: float = 0.0) -> Segmentation:
    """Four segments, each of one genre, in an order."""
    wobble = np.random.default_rng(len(order)).normal(0, noise, (len(order), 4))
    sizes = np.array([400.0 - 10 * n for n in order])
    return Segmentation(np.eye(4)[list(order)] + wobble, sizes, np.eye(4)[list(order)] * 300, np.zeros((4, 0)), 1.0)


def groups(segmentation: Segmentation) -> list[list[int]]:
    return [[n] for n in range(len(segmentation.sizes))]


FIRST = found((0, 1, 2, 3))
KNOWN = known_segments(plan(), FIRST, numbered(plan(), FIRST, groups(FIRST)))


@given(st.permutations(range(4)), st.sampled_from([0.0, 0.2]))
def test_the_same_tastes_keep_number_and_name_in_whatever_order(order: list[int], noise: float) -> None:
    again = found(tuple(order), noise)
    named = numbered(plan(KNOWN), again, groups(again))
    assert named.numbers == [n + 1 for n in order]
    assert named.names == [GENRES[n].capitalize() for n in order]
    assert named.of_clusters(4) == named.numbers


@given(st.permutations(range(4)))
def test_genres_in_another_order_are_the_same_genres(order: list[int]) -> None:
    genres = tuple(GENRES[n] for n in order)
    named = numbered(plan(KNOWN, genres), FIRST, groups(FIRST))
    assert named.numbers == [n + 1 for n in order]


def test_a_new_taste_gets_a_number_that_nobody_had_and_an_old_one_that_is_gone_keeps_its_own() -> None:
    before = KNOWN[:2]
    named = numbered(plan(before), FIRST, groups(FIRST))
    assert named.numbers == [1, 2, 3, 4]
    gone = Segmentation(np.eye(4)[[3, 2]], np.array([5.0, 4.0]), np.eye(4)[[3, 2]] * 300, np.zeros((2, 0)), 1.0)
    assert numbered(plan(before), gone, groups(gone)).numbers == [3, 4]


def test_a_name_goes_when_its_best_genre_stands_out_no_more() -> None:
    other = Segmentation(FIRST.centres, FIRST.sizes, np.eye(4)[[1, 0, 2, 3]] * 300, FIRST.titles, 1.0)
    named = numbered(plan(KNOWN), other, groups(other))
    assert named.numbers == [1, 2, 3, 4]
    assert named.names == ["Drama", "Comedy", "Horror", "Western"]


def test_a_name_of_two_genres_stays_while_the_first_stands_out() -> None:
    liked = KNOWN[0].model_copy(update={"name": "Comedy and Romance", "genres": ("comedy", "romance")})
    named = numbered(plan((liked, *KNOWN[1:])), FIRST, groups(FIRST))
    assert named.names[0] == "Comedy and Romance"
    assert len(set(named.names)) == 4


def test_merged_clusters_share_a_number_and_those_left_out_have_none() -> None:
    named = numbered(plan(), FIRST, [[0, 2], [1]])
    assert named.of_clusters(4) == [1, 2, 1, 0]
