"""private_als keeps what every recommender promises; without noise, so that its right answers can be seen by eye."""

from __future__ import annotations

import numpy as np
import pytest
from test_model_contract import RecommenderContract, StorableContract, checkerboard, listed

from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.private.config import (
    PrivateAlsConfig,
    PrivatePopularityConfig,
    improved,
    published,
    swept,
)
from media_privacy_pipeline.models.private.learning import unpaid
from media_privacy_pipeline.models.private.popularity import PrivatePopularity
from media_privacy_pipeline.models.private.recommender import PrivateAls


def small(config: PrivateAlsConfig) -> PrivateAls:
    smaller = {"factors": 2, "head_share": 1.0, "regularisation": 0.1, "unobserved": 0.1}
    return PrivateAls(config.model_copy(update=smaller), unpaid(lambda values, sigma: values))


class TestImproved(StorableContract):
    def make(self) -> Recommender:
        return small(improved(1e6))


class TestSwept(RecommenderContract):
    def make(self) -> Recommender:
        return small(swept(1e6))


class TestPrivatePopularity(StorableContract):
    personal = False

    def make(self) -> Recommender:
        return PrivatePopularity(PrivatePopularityConfig(mu=1e6), lambda values, sigma: values)

    def test_it_counts_viewers_with_the_noise_that_its_mu_pays_for(self) -> None:
        watched = Interactions.of(["a", "b", "c", "a", "b", "a"], ["y", "y", "y", "z", "z", "x"])
        drawn: list[int] = []

        def noise(values, sigma):  # type: ignore[no-untyped-def]
            drawn.append(sigma)
            return values

        model = PrivatePopularity(PrivatePopularityConfig(mu=0.5, counted_titles=4), noise).fit(watched)
        assert listed(model, Interactions.of_one({}), 3) == [["y", "z", "x"]]
        # An account moves counts of 64 steps by 2 x 64 at most.
        assert drawn == [257]


@pytest.mark.parametrize("epsilon", [1, 5])
def test_published_settings_learn_from_sweeps_alone(epsilon: int) -> None:
    model = small(published(epsilon).model_copy(update={"mu": 1e6})).fit(checkerboard())  # type: ignore[arg-type]
    assert model.factors.shape == (12, 2)
    assert np.isfinite(model.factors).all()


def test_where_nothing_stands_out_of_the_noise_there_is_nothing_to_rank_by() -> None:
    model = PrivateAls(improved(0.2).model_copy(update={"edge": 100.0})).fit(checkerboard())
    assert not model.factors.any()


def test_noise_is_fresh_each_time() -> None:
    one, two = (PrivateAls(published(5)).fit(checkerboard()) for _ in range(2))
    assert one.factors.tobytes() != two.factors.tobytes()
