"""A blend standardises its parts, adds them up, and finds its weights without what it is trained on."""

from __future__ import annotations

import numpy as np
import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.config import (
    BlendConfig,
    EaseConfig,
    IalsConfig,
    ItemKnnConfig,
    PopularityConfig,
    Rp3BetaConfig,
)
from media_privacy_pipeline.models.recommenders.kinds import make
from media_privacy_pipeline.models.recommenders.weights import Validation, found_weights, validation


def tastes(viewers: int = 80, titles: int = 24, seed: int = 2) -> Interactions:
    """Viewers who watch every other title of their own half; ages grow along the titles."""
    random = np.random.default_rng(seed)
    half = [(v, t) for v in range(viewers) for t in range(v % 2, titles, 2)]
    pairs = [(v, t) for v, t in half if random.random() < 0.5]
    ages = [float(titles - t) for _, t in pairs]
    return Interactions.of([f"v{v:03d}" for v, _ in pairs], [f"t{t:02d}" for _, t in pairs], ages=ages)


def test_scores_are_the_weighted_sum_of_standardised_parts() -> None:
    parts, data = (EaseConfig(), ItemKnnConfig(), PopularityConfig()), tastes()
    blend = make(BlendConfig(parts=parts, weights=(1.0, 0.5, 0.25))).fit(data)
    rows = np.arange(len(data))
    wanted = np.zeros((len(data), len(data.titles)))
    for part, weight in zip(parts, (1.0, 0.5, 0.25), strict=True):
        scores = make(part).fit(data).score(data, rows).scores.astype(np.float64)
        wanted += weight * (scores - scores.mean(axis=1, keepdims=True)) / scores.std(axis=1, keepdims=True)
    assert blend.score(data, rows).scores == pytest.approx(wanted, abs=1e-4)
    ranking = blend.recommend(data, 3)
    assert ranking.scores == pytest.approx(np.take_along_axis(wanted, ranking.titles, axis=1), abs=1e-4)


def test_a_part_that_knows_the_head_alone_leaves_the_other_titles_to_the_others() -> None:
    data = tastes()
    # Three kinds, for how long a history is to a part differs between those that know the head and those that do not.
    parts = (EaseConfig(head=5), Rp3BetaConfig(), IalsConfig(factors=4))
    blend = make(BlendConfig(parts=parts, weights=(1.0, 1.0, 1.0))).fit(data)
    assert blend.titles.tolist() == data.titles.tolist()
    ranking = blend.recommend(data, 24)
    assert (ranking.titles >= 0).sum(axis=1).tolist() == (24 - data.lengths).tolist()
    for r in range(0, len(data), 9):
        place = ranking.titles[r, 0]
        why = blend.explain_row(data, r, str(blend.titles[place]))
        assert why.score == pytest.approx(ranking.scores[r, 0], abs=1e-9)
        assert blend.recommend(data.block(r, r + 1), 24).scores[0].tobytes() == ranking.scores[r].tobytes()


def test_the_latest_titles_of_validation_viewers_are_held_out_of_the_parts() -> None:
    data = tastes()
    split = validation(data, BlendConfig(validation_viewers=30, validation_share=0.25))
    assert split is not None
    assert len(split.held_out) == len(split.histories) == 30
    assert split.train.pairs + split.held_out.pairs == data.pairs
    for r in range(30):
        late, early = split.held_out.block(r, r + 1), split.histories.block(r, r + 1)
        assert late.pairs == max(1, (late.pairs + early.pairs) // 4)
        assert late.ages is not None
        assert early.ages is not None
        assert late.ages.max() < early.ages.min()


def test_the_latest_pairs_of_all_are_held_out_where_time_is_asked_for() -> None:
    data = tastes()
    split = validation(data, BlendConfig(validation_viewers=30, validation_share=0.3, held_out="time"))
    assert split is not None
    assert split.train.ages is not None
    assert split.held_out.ages is not None
    assert split.held_out.ages.max() < split.train.ages.min()
    assert len(split.histories) == len(split.held_out) == 30
    assert split.histories.lengths.all()
    with pytest.raises(UsageError, match="needs interactions that know their ages"):
        validation(Interactions.of(["u"], ["a"]), BlendConfig(held_out="time"))


def test_titles_are_held_out_at_random_where_that_is_asked_for_though_ages_are_known() -> None:
    data = tastes()
    split = validation(data, BlendConfig(validation_viewers=30, validation_share=0.25, held_out="random"))
    assert split is not None
    assert split.held_out.ages is not None
    assert split.histories.ages is not None
    assert split.train.pairs + split.held_out.pairs == data.pairs
    mixed = [
        split.held_out.block(r, r + 1).ages.max() > split.histories.block(r, r + 1).ages.min()  # type: ignore[union-attr]
        for r in range(30)
    ]
    assert sum(mixed) > 15, "of six titles, the two held out are the latest ones once in fifteen draws"


def test_nothing_is_learned_of_validation_viewers_where_they_are_to_be_unseen() -> None:
    data = tastes()
    split = validation(data, BlendConfig(validation_viewers=30, validation_share=0.25, held_out="viewers"))
    assert split is not None
    assert split.histories.viewers.to_pylist() == split.held_out.viewers.to_pylist()
    assert len(split.histories) == len(data) // 4, "most of the viewers stay to be learned from"
    assert sorted([*split.train.viewers.to_pylist(), *split.histories.viewers.to_pylist()]) == data.viewers.to_pylist()
    assert split.train.pairs + split.histories.pairs + split.held_out.pairs == data.pairs
    assert validation(Interactions.of(["u"] * 2, ["a", "b"]), BlendConfig(held_out="viewers")) is None


def test_parts_that_only_help_all_together_are_found_too() -> None:
    # What is wanted is second in every part, after another title each: alone, or two at a time, the parts miss it.
    titles = np.array(["a", "b", "c", "wanted"])
    scores = np.array([[[3, 0, 0, 1.2]], [[0, 3, 0, 1.2]], [[0, 0, 3, 1.2]]], np.float32)
    viewer = Interactions.of(["v"], ["wanted"])
    weights = found_weights(scores, Validation(viewer, viewer, viewer), titles, 1)
    assert (scores[:, 0, :] * weights[:, None]).sum(axis=0).argmax() == 3


def test_weights_are_found_where_one_part_is_noise() -> None:
    # Half of what is popular is not of a viewer's taste.
    blend = make(BlendConfig(parts=(PopularityConfig(), EaseConfig(regularisation=20.0)))).fit(tastes())
    weights = blend.state()["weights"]
    assert weights[1] == 1
    assert weights[0] < 0.5


def test_viewers_of_one_title_leave_nothing_to_find_weights_on() -> None:
    singles = Interactions.of(["u", "v"], ["a", "b"])
    assert make(BlendConfig(parts=(ItemKnnConfig(), Rp3BetaConfig()))).fit(singles).state()["weights"].tolist() == [
        1,
        1,
    ]


def test_whom_a_part_without_weight_knows_is_still_served() -> None:
    data, parts = tastes(), (PopularityConfig(), ItemKnnConfig())
    blend = make(BlendConfig(parts=parts, weights=(1.0, 0.0))).fit(data)
    popular = make(PopularityConfig()).fit(data).recommend(data, 5)
    ranking = blend.recommend(data, 5)
    assert ranking.titles.tolist() == popular.titles.tolist()
    assert (ranking.reasons == -1).all()
    assert (blend.recommend(Interactions.of_one({}), 5).titles == -1).all()


def test_a_weight_for_every_part_or_none() -> None:
    with pytest.raises(UsageError, match="1 weights for 2 parts"):
        make(BlendConfig(parts=(ItemKnnConfig(), Rp3BetaConfig()), weights=(1.0,)))
