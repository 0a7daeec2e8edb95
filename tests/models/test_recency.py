"""Ages stay with their pairs, and what was watched lately weighs more."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.config import HistoryConfig, ItemKnnConfig, PopularityConfig
from media_privacy_pipeline.models.recommenders.history import activations, later_titles
from media_privacy_pipeline.models.recommenders.neighbours import ItemKnn
from media_privacy_pipeline.models.recommenders.popularity import Popularity

EVENTS = st.lists(st.tuples(st.sampled_from("uvw"), st.sampled_from("abcdef"), st.integers(0, 4)), min_size=1)


def of(events: list[tuple[str, str, int]]) -> Interactions:
    viewers, titles, ages = zip(*events, strict=True)
    return Interactions.of(list(viewers), list(titles), ages=[float(age) for age in ages])


def ages_of(interactions: Interactions) -> dict[tuple[str, str], float]:
    assert interactions.ages is not None
    who, what = np.array(interactions.viewers.to_pylist()), interactions.titles
    pairs = zip(who[interactions.rows].tolist(), what[interactions.columns].tolist(), strict=True)
    return dict(zip(pairs, interactions.ages.tolist(), strict=True))


@given(EVENTS, st.data())
def test_ages_stay_with_their_pairs_through_every_cut(events: list[tuple[str, str, int]], data: st.DataObject) -> None:
    whole = of(events)
    youngest = {(v, t): min(a for w, u, a in events if (w, u) == (v, t)) for v, t, _ in events}
    assert ages_of(whole) == youngest
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=whole.pairs, max_size=whole.pairs)), bool)
    rows = np.array(data.draw(st.permutations(range(len(whole)))))
    cut = whole.where(kept).take(rows).over(np.array(["a", "c", "e", "x"]))
    assert ages_of(cut).items() <= youngest.items()
    assert cut.pairs == sum(t in "ace" for (_, t), k in zip(ages_of(whole), kept, strict=True) if k)
    assert ages_of(whole.block(0, 1)).items() <= youngest.items()


@given(EVENTS)
def test_later_titles_are_those_with_a_lesser_age(events: list[tuple[str, str, int]]) -> None:
    whole = of(events)
    ages = ages_of(whole)
    wanted = [sum(w == v and other < age for (w, _), other in ages.items()) for (v, _), age in ages.items()]
    assert later_titles(whole).tolist() == wanted


def test_weights_halve_by_later_titles_and_by_days_before_the_latest() -> None:
    one = of([("u", "a", 13), ("u", "b", 3), ("u", "c", 3), ("v", "a", 50)])
    by_titles = activations(one, HistoryConfig(half_life_titles=2.0))
    assert by_titles.tolist() == pytest.approx([0.5, 1, 1, 1])
    assert activations(one, HistoryConfig(half_life_days=5.0)).tolist() == pytest.approx([0.25, 1, 1, 1])
    assert activations(one, HistoryConfig()).tolist() == [1, 1, 1, 1]


def test_without_ages_nothing_decays() -> None:
    one = Interactions.of(["u", "u"], ["a", "b"])
    assert activations(one, HistoryConfig(half_life_titles=1.0, half_life_days=1.0)).tolist() == [1, 1]


def test_a_list_follows_what_was_watched_last() -> None:
    pairs = [("u", "a"), ("u", "x"), ("v", "b"), ("v", "y")]
    model = ItemKnn(ItemKnnConfig(half_life_titles=1.0)).fit(
        Interactions.of([v for v, _ in pairs], [t for _, t in pairs])
    )
    for last, first in (("a", "x"), ("b", "y")):
        histories = of([("w", "a", 9 * (last != "a")), ("w", "b", 9 * (last != "b"))])
        ranking = model.recommend(histories, 2)
        assert model.titles[ranking.titles[0, 0]] == first
        assert model.titles[ranking.reasons[0, 0]] == last


@pytest.mark.parametrize("age", [-1.0, float("nan"), float("inf")])
def test_an_age_that_is_none_is_a_clear_error(age: float) -> None:
    with pytest.raises(UsageError, match="1 of 2 ages are not numbers of days"):
        Interactions.of(["u", "v"], ["a", "a"], ages=[age, 2.0])


def test_the_popularity_of_late_counts_what_is_watched_now() -> None:
    data = of([("u", "old", 40), ("v", "old", 40), ("w", "new", 0)])
    for half_life, first in ((None, "old"), (10.0, "new")):
        model = Popularity(config=PopularityConfig(half_life_days=half_life)).fit(data)
        assert model.titles[model.counts.argmax()] == first
    assert model.counts.tolist() == pytest.approx([1, 2 / 16])


def test_what_is_learned_fades_with_age() -> None:
    data = of([("u", "a", 20), ("u", "b", 20), ("v", "a", 0), ("v", "c", 0)])
    model = ItemKnn(ItemKnnConfig(learned_half_life_days=10.0)).fit(data)
    assert model.similar("a", 2)[0][0] == "c"
    assert [score for _, score in ItemKnn().fit(data).similar("a", 2)] == pytest.approx([1 / (2**0.5 + 10)] * 2)
