"""Means with intervals, differences of models on the same viewers, groups of viewers and the gaps between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..interactions import Floats
from .bootstrap import ends, means, resampled_means
from .judging import Judged, Key

SMALLEST_GROUP = 10
"""Viewers of the smallest group whose figures are told: those of fewer say too much about each."""


@dataclass(frozen=True)
class Figure:
    """The mean of a metric over viewers and its 95 % interval; None where no viewer has a figure."""

    model: str
    metric: str
    k: int
    value: float | None
    low: float | None
    high: float | None
    viewers: int


@dataclass(frozen=True)
class Difference:
    """`model` minus `other` on the same viewers, paired; `apart`: the interval does not hold 0."""

    model: str
    other: str
    metric: str
    k: int
    value: float | None
    low: float | None
    high: float | None
    apart: bool


@dataclass(frozen=True)
class GroupFigure:
    """A figure of one group of viewers; of a group that is too small none is told."""

    model: str
    grouping: str
    group: str
    metric: str
    k: int
    value: float | None
    low: float | None
    high: float | None
    viewers: int


@dataclass(frozen=True)
class Gap:
    """The group with the highest value minus the one with the lowest. The interval is that of this pair of groups."""

    model: str
    grouping: str
    highest: str
    lowest: str
    metric: str
    k: int
    value: float
    low: float | None
    high: float | None


def compared(judged: Mapping[str, Judged], resamples: int, seed: int) -> tuple[list[Figure], list[Difference]]:
    """Every figure of every model, and every difference of two models. All models share the resamples of viewers."""
    keys = [(model, key) for model, found in judged.items() for key in found.viewers]
    values = np.stack([judged[model].viewers[key] for model, key in keys], axis=1)
    drawn = resampled_means(values, resamples, seed)
    mean, (low, high) = means(values), ends(drawn)
    at = {each: n for n, each in enumerate(keys)}
    figures = [
        Figure(model, *key, _number(mean[n]), _number(low[n]), _number(high[n]), int((~np.isnan(values[:, n])).sum()))
        for (model, key), n in at.items()
    ]
    for model, found in judged.items():
        for key, (value, lower, upper) in found.together.items():
            figures.append(Figure(model, *key, value, _number(lower), _number(upper), len(values)))
    return figures, _differences(judged, at, mean, drawn)


def _differences(
    judged: Mapping[str, Judged], at: Mapping[tuple[str, Key], int], mean: Floats, drawn: Floats
) -> list[Difference]:
    wanted = [
        (one, other, key) for one, other in combinations(judged, 2) for key in judged[one].viewers if (other, key) in at
    ]
    if not wanted:
        return []
    first = [at[one, key] for one, _, key in wanted]
    second = [at[other, key] for _, other, key in wanted]
    low, high = ends(drawn[:, first] - drawn[:, second])
    lead = mean[first] - mean[second]
    return [
        Difference(
            one, other, *key, _number(lead[n]), _number(low[n]), _number(high[n]), bool(low[n] > 0 or high[n] < 0)
        )
        for n, (one, other, key) in enumerate(wanted)
    ]


def by_group(
    judged: Mapping[str, Judged], groupings: Mapping[str, Sequence[str | None]], resamples: int, seed: int
) -> tuple[list[GroupFigure], list[Gap]]:
    """Figures of each group of each grouping (the group of each viewer; None: in none), and the widest gaps.

    Viewers are drawn again within their group, so that groups are independent and so are the ends of a gap.
    """
    figures: list[GroupFigure] = []
    gaps: list[Gap] = []
    for grouping, groups in groupings.items():
        of = np.array([group if group is not None else "" for group in groups], dtype=object)
        names = sorted({group for group in groups if group is not None})
        for model, found in judged.items():
            keys = list(found.viewers)
            values = np.stack([found.viewers[key] for key in keys], axis=1)
            drawn: dict[str, tuple[Floats, Floats]] = {}
            for n, name in enumerate(names):
                mine = values[of == name]
                if len(mine) < SMALLEST_GROUP:
                    figures += [GroupFigure(model, grouping, name, *key, None, None, None, len(mine)) for key in keys]
                    continue
                resampled = resampled_means(mine, resamples, seed + n)
                mean, (low, high) = means(mine), ends(resampled)
                drawn[name] = mean, resampled
                figures += [
                    GroupFigure(
                        model, grouping, name, *key, _number(mean[c]), _number(low[c]), _number(high[c]), len(mine)
                    )
                    for c, key in enumerate(keys)
                ]
            gaps += _gaps(model, grouping, keys, drawn)
    return figures, gaps


def _gaps(model: str, grouping: str, keys: Sequence[Key], drawn: Mapping[str, tuple[Floats, Floats]]) -> list[Gap]:
    found = []
    for c, key in enumerate(keys):
        known = {name: mean[c] for name, (mean, _) in drawn.items() if not np.isnan(mean[c])}
        if len(known) < 2:
            continue
        highest, lowest = max(known, key=lambda name: known[name]), min(known, key=lambda name: known[name])
        low, high = ends((drawn[highest][1][:, c] - drawn[lowest][1][:, c])[:, None])
        value = float(known[highest] - known[lowest])
        found.append(Gap(model, grouping, highest, lowest, *key, value, _number(low[0]), _number(high[0])))
    return found


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
