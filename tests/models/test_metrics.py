"""Metrics against lists that were worked out by hand, and the paired lead."""

from __future__ import annotations

import math

import numpy as np
import pytest

from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.config import EvaluationConfig, IalsConfig
from media_privacy_pipeline.models.evaluation.evaluate import evaluate
from media_privacy_pipeline.models.evaluation.metrics import average_precision, hits, ndcg, recall
from media_privacy_pipeline.models.evaluation.split import temporal
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.ials import Ials
from media_privacy_pipeline.models.recommenders.popularity import Popularity

TEST = Interactions.of(["a", "a", "a", "b"], ["t0", "t2", "t4", "t1"])
"""Places of the titles t0, t1, t2, t4 are 0 to 3; viewer a has three test titles and b has one."""
RANKED = np.array([[0, 1, 2, -1], [0, 2, 1, 3]])


def test_hits_are_found_viewer_by_viewer() -> None:
    assert hits(RANKED, TEST).tolist() == [[1, 0, 1, 0], [0, 0, 1, 0]]


def test_recall_ndcg_and_average_precision_by_hand() -> None:
    hit, relevant = hits(RANKED, TEST), TEST.lengths
    assert recall(hit, relevant, 2).tolist() == [1 / 2, 0]
    assert recall(hit, relevant, 3).tolist() == [2 / 3, 1]
    perfect = 1 + 1 / math.log2(3) + 1 / 2
    assert ndcg(hit, relevant, 3) == pytest.approx([(1 + 1 / 2) / perfect, 1 / 2])
    assert average_precision(hit, relevant, 3) == pytest.approx([(1 + 2 / 3) / 3, 1 / 3])


def test_a_list_shorter_than_k_scores_what_it_has() -> None:
    hit, relevant = hits(RANKED, TEST), TEST.lengths
    assert recall(hit, relevant, 50).tolist() == [2 / 3, 1]
    assert ndcg(hit, relevant, 50)[1] == pytest.approx(1 / 2)


def test_a_title_that_no_model_knows_counts_as_missed() -> None:
    split = temporal(Interactions.of(["a", "b"], ["t", "u"]), Interactions.of(["a", "a"], ["u", "new"]))
    found = evaluate({"popularity": Popularity().fit(split.train)}, split, EvaluationConfig(ks=(5,), resamples=10))
    assert {m.metric: m.value for m in found}["recall"] == 1 / 2


def test_the_lead_over_the_floor_is_paired() -> None:
    viewers, titles = (
        [f"v{n}" for n in range(40) for _ in range(3)],
        [f"t{(n + j) % 8}" for n in range(40) for j in range(3)],
    )
    late = Interactions.of([f"v{n}" for n in range(40)], [f"t{(n + 3) % 8}" for n in range(40)])
    split = temporal(Interactions.of(viewers, titles, np.full(120, 5.0)), late)
    models: dict[str, Recommender] = {
        "ials": Ials(IalsConfig(factors=4, regularisation=0.1)).fit(split.train),
        "popularity": Popularity().fit(split.train),
    }
    found = {(m.model, m.metric, m.k): m for m in evaluate(models, split, EvaluationConfig(ks=(2, 10), resamples=50))}
    lead = found["ials-minus-popularity", "ndcg", 2]
    assert lead.value == pytest.approx(found["ials", "ndcg", 2].value - found["popularity", "ndcg", 2].value)
    assert lead.viewers == 40
