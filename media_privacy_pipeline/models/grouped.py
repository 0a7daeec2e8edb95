"""How good a model is for groups of viewers, by how much they watched: all that training may tell them apart by."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from .config import ModelsConfig
from .evaluation.figures import by_group
from .evaluation.groups import thirds
from .evaluation.judging import Judged
from .evaluation.split import Split


def by_activity(found: Judged, split: Split, config: ModelsConfig) -> list[dict[str, Any]]:
    """NDCG at the gate's k by thirds of the test viewers, by the number of titles in their history.

    Thirds of too few viewers (figures.SMALLEST_GROUP) are not told.
    """
    key = ("ndcg", config.gate.k)
    one = {"model": Judged({key: found.viewers[key]}, {})}
    evaluation = config.evaluation
    figures, _ = by_group(one, {"activity": thirds(split)["activity"]}, evaluation.resamples, evaluation.seed)
    told = ("group", "metric", "k", "value", "low", "high", "viewers")
    return [{name: asdict(each)[name] for name in told} for each in figures if each.value is not None]
