"""The re-rank: true to a viewer's genres, a floor of the long tail, a cap per creator, and what must hold always."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.models.inputs import Title
from media_privacy_pipeline.models.interactions import Floats, Interactions, Ints
from media_privacy_pipeline.models.serving.rerank import rerank
from media_privacy_pipeline.models.serving.shelf import Shelf, long_tail

TITLES = np.array([f"t{n:02d}" for n in range(12)])


def shelf(tail: frozenset[str] = frozenset()) -> Shelf:
    """Six dramas, then six westerns; two titles of each creator, and the last two of nobody known."""
    catalogue = {
        str(title): Title(str(title), 0, ("drama" if n < 6 else "western",), False, f"c{n // 2}" if n < 10 else None)
        for n, title in enumerate(TITLES)
    }
    return Shelf.of(TITLES, catalogue, tail)


def taste(drama: float) -> Floats:
    return np.array([[drama, 1 - drama]])


ALL: Ints = np.arange(12)[None, :]
SCORES: Floats = np.linspace(1, 0, 12)[None, :]


def test_without_weight_floor_and_cap_the_order_is_that_of_the_scores() -> None:
    assert rerank(ALL, SCORES, taste(0.5), shelf(), length=5, weight=0.0).tolist() == [[0, 1, 2, 3, 4]]
    shuffled: Ints = np.array([[3, 11, 0, 5]])
    assert rerank(shuffled, np.array([[0.1, 0.9, 0.5, 0.5]]), taste(1), shelf(), length=4, weight=0.0).tolist() == [
        [1, 2, 3, 0]
    ]


def test_the_more_weight_the_truer_to_the_viewers_genres() -> None:
    westerns = [
        int((rerank(ALL, SCORES, taste(0.25), shelf(), length=6, weight=w)[0] >= 6).sum()) for w in (0.0, 0.5, 0.95)
    ]
    assert westerns == sorted(westerns)
    assert westerns[0] == 0
    # Three quarters of six are four and a half.
    assert westerns[-1] in (4, 5)


def test_no_creator_has_more_than_the_cap_even_where_the_list_gets_shorter() -> None:
    found = rerank(ALL, SCORES, taste(0.5), shelf(), length=12, weight=0.3, per_creator=1)[0]
    listed = found[found >= 0].tolist()
    assert len(listed) == 7
    assert {10, 11} <= set(listed)
    assert len({n // 2 for n in listed if n < 10}) == 5


def test_the_tail_has_its_floor_as_far_as_there_are_titles_of_it() -> None:
    marked = shelf(frozenset({"t09", "t10", "t11"}))
    found = rerank(ALL, SCORES, taste(1), marked, length=5, weight=0.5, tail_share=0.4)[0]
    assert len({9, 10, 11} & set(found.tolist())) == 2
    most = rerank(ALL, SCORES, taste(1), marked, length=5, weight=0.5, tail_share=1.0)[0]
    assert {9, 10, 11} <= set(most.tolist())
    assert (most >= 0).all()


@given(
    data=st.lists(st.tuples(st.integers(-1, 11), st.floats(-5, 5)), min_size=1, max_size=12, unique_by=lambda p: p[0]),
    weight=st.floats(0, 0.95),
    share=st.floats(0, 1),
    cap=st.integers(1, 3),
)
def test_whatever_comes_in_a_list_has_each_candidate_once_and_nobody_beside(
    data: list[tuple[int, float]], weight: float, share: float, cap: int
) -> None:
    listed: Ints = np.array([[place for place, _ in data]])
    scores: Floats = np.array([[score for _, score in data]])
    marked = shelf(frozenset({"t01", "t08"}))
    some = {"length": 6, "weight": weight, "tail_share": share, "per_creator": cap}
    found = rerank(listed, scores, taste(0.5), marked, **some)[0]  # type: ignore[arg-type]
    chosen = found[found >= 0]
    assert len(set(chosen.tolist())) == len(chosen)
    assert (listed[0, chosen] >= 0).all()
    makers = [int(n) // 2 for n in listed[0, chosen] if n < 10]
    assert max((makers.count(maker) for maker in makers), default=0) <= cap
    # A viewer's list is their own, whoever else is in the block.
    crowd = rerank(
        np.vstack([listed, listed[:, ::-1]]), np.vstack([scores, -scores]), np.vstack([taste(0.5), taste(0)]), marked,
        **some,  # type: ignore[arg-type]
    )  # fmt: skip
    assert crowd[0].tolist() == found.tolist()


def test_viewers_without_a_genre_are_ranked_by_score() -> None:
    nothing: Floats = np.zeros((1, 2))
    assert rerank(ALL, SCORES, nothing, shelf(), length=4, weight=0.9).tolist() == [[0, 1, 2, 3]]


def test_the_long_tail_is_what_the_most_viewed_titles_leave() -> None:
    catalogue = {name: Title(name, 0, (), False) for name in "abcd"}
    assert long_tail(catalogue, {"a": 70.0, "b": 15.0, "c": 10.0, "d": -5.0, "gone": 900.0}, 0.8) == {"c", "d"}
    assert long_tail(catalogue, {}, 0.8) == frozenset()


def test_tastes_count_titles_and_leave_out_what_has_no_genre() -> None:
    found = shelf().tastes(Interactions.of(["v", "v", "v", "w"], ["t00", "t07", "t08", "nowhere"]))
    assert found == pytest.approx(np.array([[1 / 3, 2 / 3], [0, 0]]))
