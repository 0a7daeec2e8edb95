"""Measure models on the same viewers of one split, with bootstrap intervals over viewers, and against the floor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    return metrics_of({name: judged(model, split, config) for name, model in models.items()}, split, config, floor)


def judged(model: Recommender, split: Split, config: EvaluationConfig, also: Sequence[int] = ()) -> Judged:
    """A fitted model's figures viewer by viewer, at the configuration's lengths and `also`; its lists are made once."""
    ks = sorted({*config.ks, *also})
    return judge(top_lists(model, split.histories, ks[-1], split.train.titles), split, ks, config.seed)


def metrics_of(
    found: Mapping[str, Judged], split: Split, config: EvaluationConfig, floor: str = "popularity"
) -> list[Metric]:
    """The nightly metrics of models that were judged on a split, and their leads over the floor; see `evaluate`."""
    viewers = len(split.test)
    if not viewers or not found:
        return []
    judged = {
        name: Judged(
            {key: value for key, value in each.viewers.items() if key[0] in PER_VIEWER and key[1] in config.ks},
            {key: value for key, value in each.together.items() if key[1] in config.ks},
        )
        for name, each in found.items()
    }
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
