"""Measure models on the same viewers of one split, with bootstrap intervals over viewers, and against the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ..base import NOBODY, Recommender
from ..config import EvaluationConfig
from ..interactions import Floats, Ints, positions
from .metrics import average_precision, coverage, hits, intervals, ndcg, recall
from .split import Split, thinned

PER_VIEWER: Mapping[str, Callable[[Floats, Ints, int], Floats]] = {
    "recall": recall,
    "ndcg": ndcg,
    "map": average_precision,
}


@dataclass(frozen=True)
class Metric:
    """One figure: its mean over `viewers` and the 95 % interval of that mean (None for coverage, which is no mean)."""

    model: str
    protocol: str
    metric: str
    k: int
    value: float
    low: float | None
    high: float | None
    viewers: int


def evaluate(
    models: Mapping[str, Recommender], split: Split, config: EvaluationConfig, *, floor: str = "popularity"
) -> list[Metric]:
    """Every metric of every model, fitted before on `split.train`; and each model's lead over the floor, paired.

    The lead of a model `m` is listed as the model `m-minus-<floor>`. Empty where the split has no test viewers.
    """
    split = thinned(split, config.viewers, config.seed)
    viewers = len(split.test)
    if not viewers:
        return []
    relevant = split.test.lengths
    found: list[Metric] = []
    values: dict[tuple[str, str, int], Floats] = {}
    for name, model in models.items():
        ranked = model.recommend(split.histories, max(config.ks)).titles
        in_test = positions(split.test.titles, model.titles)
        places = np.where(ranked == NOBODY, NOBODY, in_test[ranked])
        hit = hits(places, split.test)
        for k in config.ks:
            for metric, measure in PER_VIEWER.items():
                values[name, metric, k] = measure(hit, relevant, k)
            share = coverage(ranked, len(split.train.titles), k)
            found.append(Metric(name, split.protocol, "coverage", k, share, None, None, viewers))
    for (name, metric, k), value in list(values.items()):
        if name != floor and floor in models:
            values[f"{name}-minus-{floor}", metric, k] = value - values[floor, metric, k]
    low, high = intervals(np.stack(list(values.values()), axis=1), config.resamples, config.seed)
    for n, ((name, metric, k), value) in enumerate(values.items()):
        mean = float(value.mean())
        found.append(Metric(name, split.protocol, metric, k, mean, float(low[n]), float(high[n]), viewers))
    return sorted(found, key=lambda m: (m.model, m.metric, m.k))


def loses_to_floor(metrics: list[Metric], model: str, floor: str = "popularity", k: int = 10) -> bool:
    """Whether a model is behind the floor on NDCG@k with its whole interval; False where nothing was measured."""
    leads = [m for m in metrics if (m.model, m.metric, m.k) == (f"{model}-minus-{floor}", "ndcg", k)]
    return any(lead.high is not None and lead.high < 0 for lead in leads)
