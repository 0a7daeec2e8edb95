"""How good a model is for groups of viewers, by how much they watched: all that training may tell them apart by."""

from __future__ import annotations

from typing import Any

import numpy as np

from .config import ModelsConfig
from .evaluation.split import Split
from .gate import interval
from .interactions import Floats

_GROUPS = ("shortest third of histories", "middle third", "longest third")


def by_activity(values: Floats, split: Split, config: ModelsConfig) -> list[dict[str, Any]]:
    """NDCG@k by thirds of the test viewers, by the number of titles in their history: mean, interval, viewers.

    `values` are of the split's test viewers. A third of fewer viewers than `config.gate.least_group` is not told.
    """
    lengths = split.histories.lengths
    order = np.argsort(lengths, kind="stable")
    found = []
    for group, rows in zip(_GROUPS, np.array_split(order, len(_GROUPS)), strict=True):
        if len(rows) < config.gate.least_group:
            continue
        mean, low, high = interval(values[np.sort(rows)], config.gate.confidence, config.gate)
        found.append(
            {
                "group": group,
                "titles": [int(lengths[rows].min()), int(lengths[rows].max())],
                "metric": "ndcg",
                "k": config.gate.k,
                "value": mean,
                "low": low,
                "high": high,
                "viewers": len(rows),
            }
        )
    return found
