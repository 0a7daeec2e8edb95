"""Rolling origins: each candidate forecasts from days of the past what was released after them; champions by group.

Errors are those against what was released, noise included, for nothing else is open; the same noise is in every
candidate's error, so that they compare fairly. MASE divides a title's mean absolute error by that of the seasonal naive
method within what was known (Hyndman and Koehler 2006), WAPE divides summed errors by summed counts.

A group's intervals are made of its own errors in the backtest (split conformal, both sides apart), where there are
enough of them. Coverage is told honestly: an origin's forecasts are held to intervals made of the other origins.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import NormalDist

import numpy as np

from ..interactions import Bools, Floats, Strings
from .calendar import WEEK
from .candidates import CANDIDATES, FALLBACK, known_of
from .config import ForecastConfig
from .panel import Panel

NEW, CLEAR, FAINT, LOST = "new", "clear", "faint", "lost in noise"
GROUPS = (CLEAR, FAINT, LOST, NEW)
_STANDS_OUT, _SHOWS = 3.0, 2.0
_MARGIN = 0.005
"""A candidate leads the fallback by this share of its error or more: less is chance, and would change every night."""


@dataclass(frozen=True)
class Score:
    """One candidate for one group: how it did, by what its standard deviations are multiplied for an interval (below,
    above), whether it is the group's champion, and why."""

    group: str
    model: str
    titles: int
    origins: int
    cells: int
    mase: float | None
    wape: float | None
    coverage: float | None
    reach: tuple[float, float]
    champion: bool
    reason: str


@dataclass(frozen=True)
class Trial:
    """One candidate from one origin: errors, deviations and counts (days, titles), groups and scales (titles,)."""

    error: Floats
    deviation: Floats
    actual: Floats
    groups: Strings
    scale: Floats


def groups_of(panel: Panel, config: ForecastConfig) -> Strings:
    """Each title's group: released lately; counts of single days that stand out of their noise; means of four weeks
    that do; and those whose means do not."""
    counts = panel.counts[-config.horizon :]
    there = ~np.isnan(counts)
    days = np.maximum(there.sum(axis=0), 1)
    mean = np.where(there, counts, 0).sum(axis=0) / days
    scale = np.sqrt(panel.noise[-config.horizon :].mean() ** 2 + np.maximum(mean, 0))
    found = np.where(mean > _SHOWS * scale / np.sqrt(days), FAINT, LOST)
    found = np.where(mean > _STANDS_OUT * scale, CLEAR, found)
    return np.asarray(np.where(len(panel) - panel.launched <= config.new_days, NEW, found), np.str_)


def origins_of(length: int, config: ForecastConfig) -> list[int]:
    """Numbers of days known at each origin, in order; none where there is not one week to look at."""
    ahead = min(config.horizon, max(WEEK, (length - config.least_history) // 2))
    last, first = length - ahead, config.least_history
    if last < first:
        return []
    step = max(1, min(WEEK, (last - first) // max(config.origins - 1, 1)))
    return sorted({last - n * step for n in range(config.origins) if last - n * step >= first})


def trials(panel: Panel, holidays: Collection[date], config: ForecastConfig) -> dict[str, list[Trial]]:
    """Every candidate from every origin."""
    found: dict[str, list[Trial]] = {name: [] for name in CANDIDATES}
    for origin in origins_of(len(panel), config):
        past = panel.until(origin)
        known, groups, scale = known_of(past, holidays, config), groups_of(past, config), _scale(past)
        actual = panel.counts[origin : origin + config.horizon]
        noise = panel.noise[origin : origin + config.horizon]
        for name, candidate in CANDIDATES.items():
            forecast = candidate(known)
            error = actual - np.maximum(forecast.mean, 0)[: len(actual)]
            deviation = np.sqrt(forecast.deviation[: len(actual)] ** 2 + (noise**2)[:, None])
            found[name].append(Trial(error, deviation, actual, groups, scale))
    return found


def scores(found: Mapping[str, list[Trial]], config: ForecastConfig) -> list[Score]:
    """How each candidate did for each group, and the champions. Groups without a forecast that can be compared have
    none; the fallback forecasts for them."""
    told: list[Score] = []
    for group in GROUPS:
        rows = [_score(name, group, each, config) for name, each in found.items()]
        rows = [row for row in rows if row.wape is not None]
        if not rows:
            continue
        best, why = _best(rows, config)
        told += [replace(row, champion=row.model == best, reason=why if row.model == best else "") for row in rows]
    return told


def _best(rows: list[Score], config: ForecastConfig) -> tuple[str, str]:
    """The champion of a group, and why."""
    errors = {row.model: row.wape or 0.0 for row in rows}
    least = min(errors, key=lambda name: errors[name])
    if least == FALLBACK:
        return FALLBACK, f"least WAPE of {len(errors)} ways"
    if rows[0].cells < config.least_cells:
        return FALLBACK, f"{rows[0].cells} forecasts are too few to prefer {least}"
    if errors[least] > errors[FALLBACK] * (1 - _MARGIN):
        return FALLBACK, f"{least} is ahead of it by less than {_MARGIN:.1%} of the error"
    return least, f"least WAPE of {len(errors)} ways"


def _score(name: str, group: str, each: list[Trial], config: ForecastConfig) -> Score:
    inside = [trial.groups == group for trial in each]
    there = [_compared(trial, own) for trial, own in zip(each, inside, strict=True)]
    errors = [np.abs(trial.error[at]).sum() for trial, at in zip(each, there, strict=True)]
    actual = [np.abs(trial.actual[at]).sum() for trial, at in zip(each, there, strict=True)]
    ratios = [trial.error[at] / trial.deviation[at] for trial, at in zip(each, there, strict=True)]
    cells, whole = sum(map(len, ratios)), float(sum(actual))
    return Score(
        group,
        name,
        titles=max((int(at.any(axis=0).sum()) for at in there), default=0),
        origins=sum(bool(at.any()) for at in there),
        cells=cells,
        mase=_mase(each, there),
        wape=float(sum(errors)) / whole if cells and whole > 0 else None,
        coverage=_coverage(ratios, config) if cells else None,
        reach=reach_of(np.concatenate(ratios) if ratios else np.zeros(0), config),
        champion=False,
        reason="",
    )


def _compared(trial: Trial, own: Bools) -> Bools:
    return ~np.isnan(trial.error) & own[None, :]


def _mase(each: list[Trial], there: list[Bools]) -> float | None:
    """Mean over titles and origins; a title whose past never changed from week to week has no scale."""
    found: list[float] = []
    for trial, at in zip(each, there, strict=True):
        days = at.sum(axis=0)
        use = (days > 0) & (trial.scale > 0)
        mean = np.where(at, np.abs(trial.error), 0).sum(axis=0)[use] / days[use]
        found += (mean / trial.scale[use]).tolist()
    return float(np.mean(found)) if found else None


def _scale(panel: Panel) -> Floats:
    """Mean absolute change from week to week (titles,); 0 where there is none to see."""
    if len(panel) <= WEEK:
        return np.zeros(len(panel.titles))
    moved = np.abs(panel.counts[WEEK:] - panel.counts[:-WEEK])
    there = ~np.isnan(moved)
    return np.asarray(np.where(there, moved, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1))


def reach_of(ratios: Floats, config: ForecastConfig) -> tuple[float, float]:
    """How many standard deviations an interval reaches below and above the forecast, from errors in these."""
    tail = (1 - config.interval) / 2
    if len(ratios) < config.least_cells:
        normal = NormalDist().inv_cdf(1 - tail)
        return normal, normal
    low, high = np.quantile(ratios, [tail, 1 - tail])
    return max(0.0, -float(low)), max(0.0, float(high))


def _coverage(ratios: Sequence[Floats], config: ForecastConfig) -> float:
    held, cells = 0, 0
    for n, own in enumerate(ratios):
        rest = [each for m, each in enumerate(ratios) if m != n]
        below, above = reach_of(np.concatenate(rest) if rest else np.zeros(0), config)
        held += int(((own >= -below) & (own <= above)).sum())
        cells += len(own)
    return held / cells


def champions(told: Collection[Score]) -> dict[str, Score]:
    """The champion of each group that has one."""
    return {score.group: score for score in told if score.champion}


def chosen(groups: Strings, told: Collection[Score], config: ForecastConfig) -> tuple[Strings, Floats]:
    """For each title its model and the reach of its interval (titles, 2)."""
    best, plain = champions(told), reach_of(np.zeros(0), config)
    models = np.array([best[each].model if each in best else FALLBACK for each in groups.tolist()], np.str_)
    reach = np.array([best[each].reach if each in best else plain for each in groups.tolist()]).reshape(-1, 2)
    return models, reach
