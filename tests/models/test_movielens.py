"""On MovieLens 100K: `ials` is ahead of popularity by the whole interval, on a random and on a temporal split."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.config import EvaluationConfig, ModelsConfig
from media_privacy_pipeline.models.evaluation.evaluate import Metric, evaluate
from media_privacy_pipeline.models.evaluation.split import Split, holdout, split_day, temporal
from media_privacy_pipeline.models.interactions import Interactions, confidence
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("MEDIA_PRIVACY_REAL_DATA" not in os.environ, reason="MEDIA_PRIVACY_REAL_DATA is not set"),
]


@pytest.fixture(scope="module")
def ratings() -> np.ndarray:
    """Columns: person, title, rating, seconds since 1970."""
    return np.loadtxt(Path(os.environ["MEDIA_PRIVACY_REAL_DATA"]) / "ml-100k" / "u.data", dtype=np.int64)


def interactions(ratings: np.ndarray) -> Interactions:
    one, none = np.ones(len(ratings), np.int64), np.zeros(len(ratings), np.int64)
    weights = confidence(one, none, none, ModelsConfig().confidence)
    return Interactions.of(ratings[:, 0].astype(str).tolist(), ratings[:, 1].astype(str).tolist(), weights)


def measured(split: Split) -> dict[tuple[str, str], Metric]:
    models: dict[str, Recommender] = {"ials": Ials().fit(split.train), "popularity": Popularity().fit(split.train)}
    found = evaluate(models, split, EvaluationConfig(ks=(10,), resamples=300))
    return {(metric.model, metric.metric): metric for metric in found}


def test_ahead_of_popularity_on_a_random_quarter(ratings: np.ndarray) -> None:
    found = measured(holdout(interactions(ratings), 0.25, seed=1))
    assert found["ials-minus-popularity", "ndcg"].low > 0.15  # type: ignore[operator]
    assert found["ials", "ndcg"].value > 0.45
    assert found["ials", "coverage"].value > 3 * found["popularity", "coverage"].value


def test_ahead_of_popularity_on_the_last_days(ratings: np.ndarray) -> None:
    days = ratings[:, 3].astype("datetime64[s]").astype("datetime64[D]")
    counted = zip(*np.unique(days, return_counts=True), strict=True)
    first = split_day([(day.item(), int(n)) for day, n in counted], EvaluationConfig())
    late = days >= np.datetime64(first)
    found = measured(temporal(interactions(ratings[~late]), interactions(ratings[late])))
    assert found["ials-minus-popularity", "ndcg"].low > 0  # type: ignore[operator]
    assert found["ials", "recall"].value > found["popularity", "recall"].value
