"""Lists that are measured are those that would be served: without seen titles, whatever the blocks."""

from __future__ import annotations

import numpy as np
import pytest

from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.evaluation import lists
from media_privacy_pipeline.models.evaluation.lists import top_lists
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity

RANDOM = np.random.default_rng(4)
PAIRS = [(f"u{u:02d}", f"t{t:02d}") for u in range(30) for t in RANDOM.permutation(20)[: 3 + u % 9]]
TRAIN = Interactions.of([u for u, _ in PAIRS], [t for _, t in PAIRS], np.full(len(PAIRS), 3.0))


@pytest.fixture(params=["ials", "popularity"])
def model(request: pytest.FixtureRequest) -> Recommender:
    made: Recommender = Ials(IalsConfig(factors=8)) if request.param == "ials" else Popularity()
    return made.fit(TRAIN)


def test_the_lists_are_those_of_recommend(model: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_VIEWERS", 7)
    assert np.array_equal(top_lists(model, TRAIN, 5, TRAIN.titles), model.recommend(TRAIN, 5).titles)


def test_no_seen_title_is_listed_even_where_all_are_asked_for(model: Recommender) -> None:
    listed = top_lists(model, TRAIN, 40, TRAIN.titles)
    assert listed.shape == (30, 40)
    for row in range(30):
        own = TRAIN.block(row, row + 1).columns
        shown = listed[row][listed[row] >= 0]
        assert not set(own) & set(shown)
        assert len(set(shown)) == len(shown) == 20 - len(own)


def test_who_has_seen_everything_gets_an_empty_list(model: Recommender) -> None:
    everything = Interactions.of(["u"] * 20, TRAIN.titles.tolist())
    assert (top_lists(model, everything, 3, TRAIN.titles) == -1).all()


def test_titles_that_the_catalogue_lacks_are_no_candidates(model: Recommender) -> None:
    catalogue = TRAIN.titles[:5]
    listed = top_lists(model, TRAIN, 5, catalogue)
    assert listed.max() < 5
    assert (np.count_nonzero(listed >= 0, axis=1) <= 5).all()
    assert (listed >= 0).any()
