"""Search for a model's configuration on the validation part of a split, which holds no test pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel

from ...errors import Refused
from ..interactions import Interactions
from ..recommenders.kinds import make
from .bootstrap import ends, resampled_means
from .contenders import configured
from .judging import judge
from .lists import top_lists
from .record import Record
from .spaces import SPACES, Space, candidate
from .split import Split

Search = Literal["random", "halving"]
_ETA = 3
"""Successive halving keeps one of so many candidates and gives each so many times the viewers."""


@dataclass(frozen=True)
class SearchConfig:
    """What is searched: `trials` candidates of a model, the defaults among them, by the mean of `metric` at `k`."""

    model: str
    search: Search
    trials: int
    metric: str
    k: int
    seed: int
    resamples: int = 1_000


def tune(
    split: Split, config: SearchConfig, record: Record, told: Callable[[Mapping[str, Any]], None]
) -> dict[str, Any]:
    """Try what the record lacks, and return the line of the best: {"chosen": {model, config, figure, ...}}.

    `random` tries every candidate on all of training. `halving` (Jamieson and Talwalkar 2016) begins with a part of the
    training viewers, keeps the best third, and gives those three times as many; the defaults go through every round,
    since what suits few viewers may not suit all, and a choice should not be worse than what needs no search. Of equal
    figures the earlier candidate wins. A training that diverges counts as lost. Raises Refused where every one does.
    """
    space = SPACES.get(config.model, {})
    numbers = list(range(config.trials if space else 1))
    tried: list[tuple[int, Mapping[str, Any]]] = []
    best_first: list[int] = []
    for share in _shares(config.search, len(numbers)):
        tried = [(n, _trial(n, share, split, config, space, record, told)) for n in numbers]
        found = [(n, line["figure"]) for n, line in tried if line["figure"] is not None]
        found.sort(key=lambda each: (-each[1], each[0]))
        best_first = [n for n, _ in found]
        numbers = sorted({*best_first[: -(-len(found) // _ETA)], *({0} & set(best_first))})
    if not best_first:
        raise Refused(f"{config.model}: no candidate could be trained; the record says why")
    best = next(line for n, line in tried if n == best_first[0])
    kept = {name: best[name] for name in ("model", "config", "metric", "k", "figure", "low", "high", "trial")}
    chosen = {"chosen": kept}
    if record.lines[-1] != chosen:
        record.append(chosen)
    return chosen


def _trial(
    number: int,
    share: float,
    split: Split,
    config: SearchConfig,
    space: Space,
    record: Record,
    told: Callable[[Mapping[str, Any]], None],
) -> Mapping[str, Any]:
    if (before := record.trial(number, share)) is not None:
        return before
    made = configured(config.model, candidate(space, config.seed, number), f"trial {number}")
    line: dict[str, Any] = {"trial": number, "share": share, "model": config.model, "config": _plain(made)}
    line |= {"seed": config.seed, "metric": config.metric, "k": config.k}
    begun = perf_counter()
    try:
        model = make(made).fit(_part(split.train, share, config.seed))
        listed = top_lists(model, split.histories, config.k, split.train.titles)
        values = judge(listed, split, [config.k], config.seed).viewers[config.metric, config.k]
        low, high = ends(resampled_means(values[:, None], config.resamples, config.seed))
        line |= {"figure": float(values.mean()), "low": float(low[0]), "high": float(high[0])}
    except Refused as refused:
        line |= {"figure": None, "low": None, "high": None, "refused": str(refused)}
    line |= {"viewers": len(split.test), "seconds": round(perf_counter() - begun, 3)}
    record.append(line)
    told(line)
    return line


def _part(train: Interactions, share: float, seed: int) -> Interactions:
    """A share of the training viewers, drawn at random, over the titles that they watched."""
    if share == 1:
        return train
    count = max(1, int(len(train) * share))
    rows = np.sort(np.random.default_rng(seed).choice(len(train), count, replace=False))
    some = train.take(rows)
    return some.over(train.titles[np.unique(some.columns)])


def _shares(search: Search, candidates: int) -> list[float]:
    """Shares of the training viewers of each round."""
    if search == "random" or candidates < _ETA:
        return [1.0]
    return [1 / _ETA**2, 1 / _ETA, 1.0] if candidates >= _ETA**2 else [1 / _ETA, 1.0]


def _plain(config: BaseModel) -> dict[str, Any]:
    return config.model_dump(mode="json")
