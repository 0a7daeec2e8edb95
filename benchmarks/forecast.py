"""`python -m benchmarks.forecast [--data DIR]`: forecasts against SeasonalNaive(7), and what emerging_titles finds.

At each of six origins a week apart the whole nightly procedure is run on what was known: its own backtest, champions
by group, forecasts with intervals. They are held to the 28 days that follow. A title counts where it had 8 weeks of
history at the first origin and was watched in the last four of them; of MovieLens also the titles watched once a week
or more are told apart, for of the others a day's count is nearly always 0. MASE and WAPE are means over titles;
`better` is the share of titles whose summed absolute error is below that of the last week again. Against `true` where
noise is drawn: what people watched; against `released`: what title_daily tells, whose noise no forecast can know.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from benchmarks.forecast_data import Counts, Series, movielens, packaged_noise, simulated, told
from media_privacy_pipeline.models.forecast.backtest import chosen, groups_of, scores, trials
from media_privacy_pipeline.models.forecast.candidates import (
    CANDIDATES,
    FALLBACK,
    known_of,
    seasonal_naive,
)
from media_privacy_pipeline.models.forecast.config import ForecastConfig
from media_privacy_pipeline.models.forecast.emerging import rising
from media_privacy_pipeline.models.forecast.panel import Panel

CONFIG = ForecastConfig()
ORIGINS, WEEK, HISTORY = 6, 7, 56
NIGHTS = 14
_SIZES = (1.0, 2.0, 4.0, 8.0)
_DAYS, _TITLES, _PLANTED = 90, 300, 12


@dataclass(frozen=True)
class Looked:
    """Errors (origins, days, titles) of ours and of last week again, scales of MASE (origins, titles), and whether the
    count was inside (origins, days, titles): against what was released, and what was true."""

    released: Counts
    true: Counts
    naive_released: Counts
    naive_true: Counts
    scale: Counts
    inside_released: Counts
    inside_true: Counts
    seconds: float


def looked(series: Series) -> Looked:
    """Run the nightly procedure at every origin."""
    panel, horizon = series.panel, CONFIG.horizon
    parts: list[list[Counts]] = []
    begun = process_time()
    for n in reversed(range(ORIGINS)):
        origin = len(panel) - horizon - n * WEEK
        past = panel.until(origin)
        past = past if origin <= CONFIG.history_days else _last(past, CONFIG.history_days)
        groups, found = groups_of(past, CONFIG), scores(trials(past, series.holidays, CONFIG), CONFIG)
        models, reach = chosen(groups, found, CONFIG)
        known = known_of(past, series.holidays, CONFIG)
        made = {name: CANDIDATES[name](known) for name in {*models.tolist(), FALLBACK}}
        mean, deviation = np.zeros((horizon, len(panel.titles))), np.zeros((horizon, len(panel.titles)))
        for name, forecast in made.items():
            at = models == name
            mean[:, at], deviation[:, at] = forecast.mean[:, at], forecast.deviation[:, at]
        mean = np.maximum(mean, 0)
        naive = np.maximum(seasonal_naive(known).mean, 0)
        released, true = panel.counts[origin : origin + horizon], series.true[origin : origin + horizon]
        wide = np.sqrt(deviation**2 + known.noise**2)
        moved = np.abs(past.counts[WEEK:] - past.counts[:-WEEK])
        parts.append(
            [
                np.abs(released - mean),
                np.abs(true - mean),
                np.abs(released - naive),
                np.abs(true - naive),
                np.nanmean(moved, axis=0),
                _inside(released, mean, wide, reach),
                _inside(true, mean, deviation, reach),
            ]
        )
    return Looked(*(np.stack(each) for each in zip(*parts, strict=True)), seconds=(process_time() - begun) / ORIGINS)


def _last(panel: Panel, days: int) -> Panel:
    first = len(panel) - days
    return replace(
        panel,
        days=panel.days[first:],
        counts=panel.counts[first:],
        noise=panel.noise[first:],
        launched=panel.launched - first,
    )


def _inside(actual: Counts, mean: Counts, deviation: Counts, reach: Counts) -> Counts:
    below, above = reach.T
    # Counts are told as whole numbers and ends as tenths: an end that rounds to the count holds it.
    low = np.where(mean - below * deviation <= 0.05, -np.inf, mean - below * deviation - 0.05)
    return ((actual >= low) & (actual <= mean + above * deviation + 0.05)).astype(np.float64)


def figures(found: Looked, use: np.ndarray, *, true: bool) -> dict[str, object]:
    """Means over the titles in `use`, against what was true or what was released."""
    ours, naive, inside = (
        (found.true, found.naive_true, found.inside_true)
        if true
        else (found.released, found.naive_released, found.inside_released)
    )
    own, other = ours[:, :, use].sum(axis=(0, 1)), naive[:, :, use].sum(axis=(0, 1))
    scale = found.scale[:, use]
    at = scale > 0
    mase = (ours[:, :, use].mean(axis=1) / np.where(at, scale, 1))[at].mean()
    mase_naive = (naive[:, :, use].mean(axis=1) / np.where(at, scale, 1))[at].mean()
    return {
        "titles": int(use.sum()),
        "MASE": round(float(mase), 3),
        "MASE of last week again": round(float(mase_naive), 3),
        "error over that of last week again": round(float(own.sum() / other.sum()), 3),
        "better": round(float((own < other).mean()), 3),
        "as good": round(float((own == other).mean()), 3),
        "inside 90 %": round(float(inside[:, :, use].mean()), 3),
    }


def with_history(series: Series) -> np.ndarray:
    """Titles released eight weeks before the first origin, watched in the last four."""
    first = len(series.panel) - CONFIG.horizon - (ORIGINS - 1) * WEEK
    old = (series.panel.launched <= first - HISTORY) & (series.true[: first - HISTORY + 1].sum(axis=0) > 0)
    return np.asarray(old & (series.true[first - 28 : first].sum(axis=0) > 0))


def rises(seeds: int, audience: float, noise: float) -> Iterator[str]:
    """Planted rises of titles that were always there: nights until they are listed, by size; and what else is
    listed."""
    delays: dict[float, list[float]] = {}
    listed, false, first = 0, 0, _DAYS - NIGHTS
    for seed in range(seeds):
        chance = np.random.default_rng(1_000 + seed)
        world: dict[str, Any] = {"days": _DAYS, "titles": _TITLES, "audience": audience, "noise": noise, "seed": seed}
        calm = simulated(**world, drift=0.0)
        places = chance.choice(np.arange(30, _TITLES), _PLANTED, replace=False).tolist()
        more = {n: float(chance.choice(_SIZES)) for n in places if calm.panel.launched[n] < 0}
        times = {n: 1 + size * noise / max(float(calm.true[:first, n].mean()), 1.0) for n, size in more.items()}
        loud = simulated(**world, drift=0.0, raised={n: (first, each) for n, each in times.items()})
        seen: dict[int, int] = {}
        for night in range(NIGHTS):
            found = _listed(loud, first + night + 1)
            listed, false = listed + len(found), false + len(found - more.keys())
            for title in found & more.keys():
                seen.setdefault(title, night + 1)
        for title, size in more.items():
            delays.setdefault(size, []).append(seen.get(title, np.inf))
    for size, nights in sorted(delays.items()):
        within = [each for each in nights if np.isfinite(each)]
        yield told(
            "planted rises",
            {
                "more viewers a day, in scales of noise": size,
                "planted": len(nights),
                f"listed within {NIGHTS} nights": round(len(within) / len(nights), 3),
                "median nights until then": float(np.median(within)) if within else None,
            },
        )
    shares = {"listed": listed, "false among them": round(false / max(listed, 1), 4)}
    yield told("planted rises", {**shares, "stated": CONFIG.false_discoveries})


def quiet(nights: int, audience: float, noise: float) -> Iterator[str]:
    """Services in which nothing was planted, one night of each: how often anything is listed."""
    for drift in (0.0, 0.05):
        alarmed = 0
        for seed in range(nights):
            world: dict[str, Any] = {"days": _DAYS, "titles": _TITLES, "audience": audience, "noise": noise}
            alarmed += bool(_listed(simulated(**world, seed=10_000 + seed, drift=drift), _DAYS))
        figures = {"levels move a day by": drift, "nights": nights, "with a list": round(alarmed / nights, 4)}
        yield told("nothing planted", {**figures, "stated": CONFIG.false_discoveries})


def _listed(series: Series, length: int) -> set[int]:
    known = known_of(series.panel.until(length), series.holidays, CONFIG)
    return {rise.title for rise in rising(known.panel, known.factors, known.launched[0], CONFIG)}


def main() -> None:
    """Measure and print one JSON line a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MEDIA_PRIVACY_REAL_DATA"))
    parser.add_argument("--days", type=int, default=182)
    parser.add_argument("--titles", type=int, default=300)
    parser.add_argument("--audience", type=float, default=100_000.0)
    parser.add_argument("--seeds", type=int, default=10)
    asked = parser.parse_args()
    for noise in (0.0, packaged_noise()):
        series = simulated(days=asked.days, titles=asked.titles, audience=asked.audience, noise=noise, seed=1)
        found, use = looked(series), with_history(series)
        name = f"simulated, noise {noise:.1f}"
        for against in ("true", "released") if noise else ("true",):
            print(told(name, {"against": against, **figures(found, use, true=against == "true")}), flush=True)
        print(told(name, {"seconds a night": round(found.seconds, 2)}), flush=True)
    for name, days in (("ml-100k", None), ("ml-latest-small", 400)) if asked.data else ():
        series = movielens(Path(asked.data) / name, days)
        found, use = looked(series), with_history(series)
        first = len(series.panel) - CONFIG.horizon - (ORIGINS - 1) * WEEK
        weekly = use & (series.true[first - HISTORY : first].sum(axis=0) >= HISTORY // WEEK)
        for group, at in (("all with history", use), ("watched once a week or more", weekly)):
            if at.any():
                print(told(name, {"titles that are": group, **figures(found, at, true=True)}), flush=True)
        print(told(name, {"seconds a night": round(found.seconds, 2)}), flush=True)
    for line in rises(asked.seeds, asked.audience, packaged_noise()):
        print(line, flush=True)
    for line in quiet(20 * asked.seeds, asked.audience, packaged_noise()):
        print(line, flush=True)


if __name__ == "__main__":
    main()
