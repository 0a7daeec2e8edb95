"""Measure models on the same viewers of one split, with bootstrap intervals over viewers, and against the floor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..base import Recommender
from ..config import EvaluationConfig
from .figures import compared
from .judging import PER_VIEWER, Judged, judge
from .lists import top_lists
from .split import Split, thinned

NIGHTLY = (*PER_VIEWER, "coverage")
"""What `model_metrics` keeps."""


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
    """The nightly metrics of every model, fitted before on `split.train`; and each model's lead over the floor, paired.

    The lead of a model `m` is listed as the model `m-minus-<floor>`. Empty where the split has no test viewers.
    """
    split = thinned(split, config.viewers, config.seed)
    viewers = len(split.test)
    if not viewers or not models:
        return []
    judged: dict[str, Judged] = {}
    for name, model in models.items():
        listed = top_lists(model, split.histories, max(config.ks), split.train.titles)
        found = judge(listed, split, config.ks, config.seed)
        judged[name] = Judged(
            {key: value for key, value in found.viewers.items() if key[0] in PER_VIEWER}, found.together
        )
    if floor in judged:
        # A difference is of one model and a later one: with the floor last, each is a lead over it.
        judged[floor] = judged.pop(floor)
    figures, leads = compared(judged, config.resamples, config.seed)
    metrics = [
        Metric(f.model, split.protocol, f.metric, f.k, f.value, f.low, f.high, viewers)
        if f.metric != "coverage"
        else Metric(f.model, split.protocol, f.metric, f.k, f.value, None, None, viewers)
        for f in figures
        if f.metric in NIGHTLY and f.value is not None
    ]
    metrics += [
        Metric(f"{d.model}-minus-{floor}", split.protocol, d.metric, d.k, d.value, d.low, d.high, viewers)
        for d in leads
        if d.other == floor and d.value is not None
    ]
    return sorted(metrics, key=lambda m: (m.model, m.metric, m.k))


def loses_to_floor(metrics: list[Metric], model: str, floor: str = "popularity", k: int = 10) -> bool:
    """Whether a model is behind the floor on NDCG@k with its whole interval; False where nothing was measured."""
    leads = [m for m in metrics if (m.model, m.metric, m.k) == (f"{model}-minus-{floor}", "ndcg", k)]
    return any(lead.high is not None and lead.high < 0 for lead in leads)
