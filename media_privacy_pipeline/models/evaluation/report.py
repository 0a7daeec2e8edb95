"""One document with every figure of an evaluation, and all that is needed to make it again."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from time import perf_counter
from typing import Any

from ..config import EvaluationConfig
from ..recommenders.kinds import KindConfig, make
from .figures import SMALLEST_GROUP, by_group, compared
from .judging import Genres, Judged, judge
from .lists import top_lists
from .split import Split, thinned


@dataclass(frozen=True)
class Entry:
    """A model to measure: the name in the figures, the kind, its configuration."""

    name: str
    kind: str
    config: KindConfig


def measured(
    entries: Sequence[Entry],
    split: Split,
    config: EvaluationConfig,
    groupings: Mapping[str, Sequence[str | None]],
    genres: Genres | None,
) -> dict[str, Any]:
    """Fit every model on the training side and tell everything about its lists: a document of plain values.

    `groupings` give the group of each viewer of `split.test`. Raises Refused when a training diverges.
    """
    judged: dict[str, Judged] = {}
    models = []
    for entry in entries:
        begun = perf_counter()
        model = make(entry.config).fit(split.train)
        fitted = perf_counter()
        listed = top_lists(model, split.histories, max(config.ks), split.train.titles)
        seconds = {"fit_seconds": round(fitted - begun, 3), "list_seconds": round(perf_counter() - fitted, 3)}
        judged[entry.name] = judge(listed, split, config.ks, config.seed, genres)
        models.append(
            {"name": entry.name, "model": entry.kind, "config": entry.config.model_dump(mode="json"), **seconds}
        )
    figures, differences = compared(judged, config.resamples, config.seed)
    groups, gaps = by_group(judged, groupings, config.resamples, config.seed)
    return {
        "protocol": split.protocol,
        "models": models,
        "metrics": [asdict(each) for each in figures],
        "differences": [asdict(each) for each in differences],
        "groups": [asdict(each) for each in groups],
        "gaps": [asdict(each) for each in gaps],
        "intervals": {
            "level": 0.95,
            "resamples": config.resamples,
            "seed": config.seed,
            "means": "percentile bootstrap over viewers",
            "coverage_and_gini": "delete-a-group jackknife over viewers, at most 50 groups",
            "smallest_group": SMALLEST_GROUP,
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("media-privacy-pipeline", "numpy", "scipy", "implicit", "pyarrow")},
        },
    }


def limited(split: Split, config: EvaluationConfig) -> Split:
    """At most `config.viewers` tested viewers."""
    return thinned(split, config.viewers, config.seed)
