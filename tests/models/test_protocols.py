"""The four protocols: what they hold out, and that neither a fit nor a search can see it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.models.evaluation.given import given
from media_privacy_pipeline.models.evaluation.protocols import Part, SplitConfig, split
from media_privacy_pipeline.models.evaluation.ratings import Ratings
from media_privacy_pipeline.models.evaluation.split import Split
from media_privacy_pipeline.models.interactions import Interactions

PROTOCOLS = ("liang", "holdout", "leave-last-out", "temporal")
Pairs = set[tuple[str, str]]


def world(users: int = 40, titles: int = 40, each: int = 20, seed: int = 3) -> Ratings:
    """Every user watched some titles, at times that are all different."""
    random = np.random.default_rng(seed)
    who = [f"u{n:02d}" for n in range(users) for _ in range(each)]
    what = [f"t{t:02d}" for _ in range(users) for t in random.permutation(titles)[:each]]
    return Ratings(pa.array(who), pa.array(what), times=random.permutation(len(who)).astype(float))


DATA = world()


def pairs(of: Interactions) -> Pairs:
    return set(zip(np.array(of.viewers.to_pylist())[of.rows].tolist(), of.titles[of.columns].tolist(), strict=True))


def made(protocol: str, part: Part = "test", data: Ratings = DATA, **more: object) -> Split:
    return split(data, SplitConfig.model_validate({"protocol": protocol} | more), part)[0]


def renamed(data: Ratings, marked: Pairs) -> Ratings:
    """The data with a planted signal: every marked pair is of one and the same title instead."""
    titles = [
        f"planted-{t}" if (u, t) in marked else t
        for u, t in zip(data.users.to_pylist(), data.titles.to_pylist(), strict=True)
    ]
    return Ratings(data.users, pa.array(titles), data.ratings, data.times)


@pytest.mark.parametrize("part", ["test", "validation"])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_asked_is_neither_learned_from_nor_shown(protocol: str, part: Part) -> None:
    found = made(protocol, part)
    assert found.test.viewers.equals(found.histories.viewers)
    assert not pairs(found.test) & (pairs(found.train) | pairs(found.histories))
    assert found.test.pairs > 0


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_search_sees_no_test_pair(protocol: str) -> None:
    asked, search = pairs(made(protocol).test), made(protocol, "validation")
    assert not asked & (pairs(search.train) | pairs(search.histories) | pairs(search.test))


@pytest.mark.parametrize("protocol", ["liang", "leave-last-out", "temporal"])
def test_planting_a_signal_in_test_pairs_changes_nothing_that_is_learned_or_searched(protocol: str) -> None:
    before = made(protocol)
    data = renamed(DATA, pairs(before.test))
    after, search, was = made(protocol, data=data), made(protocol, "validation", data), made(protocol, "validation")
    assert pairs(after.train) == pairs(before.train)
    assert pairs(after.test) != pairs(before.test)
    assert (pairs(search.train), pairs(search.test)) == (pairs(was.train), pairs(was.test))


def test_liang_keeps_users_apart_and_shows_four_fifths() -> None:
    tested, validated = made("liang"), made("liang", "validation")
    groups = [set(each.viewers.to_pylist()) for each in (tested.train, tested.test, validated.test)]
    assert [len(group) for group in groups] == [28, 8, 4]
    assert not groups[0] & groups[1]
    assert not groups[1] & groups[2]
    assert pairs(tested.train) == pairs(validated.train)
    assert set(tested.histories.lengths + tested.test.lengths) == {20}
    assert set(tested.test.lengths) == {4}


def test_holdout_holds_out_a_share_of_each_user_and_refits_or_not() -> None:
    found = made("holdout", test_share=0.3, validation_share=0.3)
    assert set(found.test.lengths) == {6}
    assert pairs(found.train) == pairs(found.histories)
    without = made("holdout", test_share=0.3, validation_share=0.3, refit=False)
    validation = pairs(made("holdout", "validation", test_share=0.3, validation_share=0.3).test)
    assert pairs(without.train) == pairs(found.train) - validation
    assert pairs(without.histories) == pairs(found.histories)


def test_holdout_does_not_depend_on_the_order_of_rows_but_on_the_seed() -> None:
    other = DATA.take(np.random.default_rng(1).permutation(len(DATA)))
    assert pairs(made("holdout", data=other).test) == pairs(made("holdout").test)
    assert pairs(made("holdout", seed=8).test) != pairs(made("holdout").test)


def test_leave_last_out_asks_for_the_latest_and_validates_on_the_one_before() -> None:
    times = {(u, t): s for u, t, s in zip(DATA.users.to_pylist(), DATA.titles.to_pylist(), DATA.times, strict=True)}  # type: ignore[arg-type]
    tested, validated = made("leave-last-out"), made("leave-last-out", "validation")
    for user in tested.test.viewers.to_pylist():
        own = sorted((pair for pair in times if pair[0] == user), key=lambda pair: times[pair])
        assert own[-1] in pairs(tested.test)
        assert own[-2] in pairs(validated.test)


def test_leave_last_out_takes_nothing_from_a_user_with_one_row() -> None:
    data = Ratings(pa.array(["a", "b", "b"]), pa.array(["t", "t", "u"]), times=np.array([1.0, 1.0, 1.0]))
    found = made("leave-last-out", data=data)
    assert pairs(found.train) == {("a", "t"), ("b", "t")}
    assert pairs(found.test) == {("b", "u")}


def test_temporal_parts_all_rows_at_one_time() -> None:
    data = Ratings(DATA.users, DATA.titles, times=np.floor(np.asarray(DATA.times) / 7))
    found = made("temporal", data=data)
    times = dict(zip(zip(data.users.to_pylist(), data.titles.to_pylist(), strict=True), data.times, strict=True))  # type: ignore[arg-type]
    assert max(times[pair] for pair in pairs(found.train)) < min(times[pair] for pair in pairs(found.test))
    assert 0.17 * len(data) < len(data) - found.train.pairs <= 0.2 * len(data)


@pytest.mark.parametrize("protocol", ["leave-last-out", "temporal"])
def test_time_needs_timestamps(protocol: str) -> None:
    with pytest.raises(Refused, match="no timestamps"):
        made(protocol, data=Ratings(DATA.users, DATA.titles))


def test_rare_titles_and_users_are_left_out_and_counted() -> None:
    data = Ratings(pa.array(["a", "a", "a", "b", "b", "c"]), pa.array(["t", "u", "v", "t", "u", "t"]))
    _, counts = split(data, SplitConfig(test_share=0.5, min_title_ratings=2, min_user_ratings=2), "test")
    assert counts["rows_of_rare_users_or_titles"] == 2
    assert counts["train_users"] == 2
    with pytest.raises(Refused, match="no row is left"):
        split(data, SplitConfig(min_user_ratings=9), "test")


def test_nobody_left_to_test_is_refused() -> None:
    lonely = Ratings(pa.array(["a", "b"]), pa.array(["t", "t"]))
    with pytest.raises(Refused, match="nobody is left to test"):
        made("holdout", data=lonely)
    with pytest.raises(Refused, match="cannot be parted"):
        made("liang", data=lonely)


def rows(*texts: str, times: list[float] | None = None) -> Ratings:
    both = [text.split() for text in texts]
    stamps = None if times is None else np.array(times)
    return Ratings(pa.array([u for u, _ in both]), pa.array([t for _, t in both]), times=stamps)


def test_given_files_count_what_is_unknown_seen_or_without_a_past() -> None:
    train, test = rows("a t", "a u", "b t"), rows("a t", "a new", "b u", "ghost t")
    found, counts = given(train, test, None, SplitConfig(protocol="holdout"))
    assert pairs(found.test) == {("a", "new"), ("b", "u")}
    assert counts["test_users_unknown"] == 1
    assert counts["asked_pairs_seen_before"] == 1
    assert counts["asked_pairs_of_titles_not_in_training"] == 1
    assert counts["asked_users_without_history_or_new_title"] == 1


def test_given_fold_in_is_shown_and_its_unknown_titles_are_not() -> None:
    train, test, known = rows("a t", "a u"), rows("x u", "x new"), rows("x t", "x odd")
    found, counts = given(train, test, known, SplitConfig(protocol="liang"))
    assert pairs(found.histories) == {("x", "t")}
    assert pairs(found.test) == {("x", "u")}
    assert counts["fold_in_rows_of_unknown_titles"] == 1


def test_given_files_are_held_to_their_protocol() -> None:
    train = rows("a t", "a u", times=[1, 5])
    with pytest.raises(UsageError, match="--fold-in"):
        given(train, rows("x t"), None, SplitConfig(protocol="liang"))
    with pytest.raises(Refused, match="1 users of the test file are in the training file"):
        given(train, rows("a v"), rows("x t"), SplitConfig(protocol="liang"))
    with pytest.raises(Refused, match="more than one row of a user"):
        given(train, rows("a v", "a w"), None, SplitConfig(protocol="leave-last-out"))
    with pytest.raises(Refused, match="1 rows of the test file are older"):
        given(train, rows("a v", "a w", times=[4, 6]), None, SplitConfig(protocol="temporal"))


@pytest.mark.parametrize("part", ["test", "validation"])
def test_ages_are_days_before_the_latest_known_row_whatever_is_asked_for(part: Part) -> None:
    times = np.asarray(DATA.times) * 86_400
    data = Ratings(DATA.users, DATA.titles, times=times)
    found = made("temporal", part, data)
    assert found.train.ages is not None
    assert found.histories.ages is not None
    assert found.train.ages.min() == 0
    assert found.test.ages is None
    later = Ratings(DATA.users, DATA.titles, times=np.where(times >= 0.8 * times.max(), times * 10, times))
    again = made("temporal", part, later).train.ages
    assert np.array_equal(found.train.ages, again if again is not None else [])
