"""Series for `benchmarks.forecast`: a simulated service whose truth is known, and MovieLens through its import."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import numpy as np
from numpy.typing import NDArray

from media_privacy_pipeline.landing.movielens import import_movielens
from media_privacy_pipeline.models.forecast.panel import Panel, Traits, panel_of
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.privacy.estimate import rounded, scaled
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.ratios import Estimate
from media_privacy_pipeline.privacy.weights import ONE

FIRST = date(2026, 1, 5)
RATIO = 1.25
"""What weighting is undone by on a day of a service whose accounts watch two or three titles."""
Counts = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """What is released, what is true (days, titles), and declared holidays."""

    panel: Panel
    true: Counts
    holidays: frozenset[date]


def packaged_noise() -> float:
    """Standard deviation of a released count of viewers under the packaged policy, in viewers."""
    mechanism = mechanism_of(load().releases.tables["title_daily"])
    return RATIO * mechanism.counts_sigma / ONE


def simulated(
    *,
    days: int,
    titles: int,
    audience: float,
    noise: float,
    seed: int,
    drift: float = 0.05,
    raised: dict[int, tuple[int, float]] | None = None,
) -> Series:
    """A service with so many viewers of titles on a day, made by other rules than the models have: levels go back to
    their means, launches fall by a power of their age, titles have weeks of their own, days scatter by gamma factors,
    some days are bursts, and a holiday comes once a month. `drift`: by how much of itself a level moves in a day.
    `raised`: titles that are watched so many times as much from a day on."""
    chance = np.random.default_rng(seed)
    means = (1.0 + np.arange(titles)) ** -0.9
    means *= audience / means.sum()
    walk = np.zeros((days, titles))
    for t in range(1, days):
        walk[t] = 0.98 * walk[t - 1] + chance.normal(0, drift, titles)
    week = np.array([0.85, 0.82, 0.88, 0.95, 1.15, 1.25, 1.1]) * chance.normal(1, 0.1, (titles, 7)).clip(0.5)
    when = [FIRST + timedelta(days=n) for n in range(days)]
    holidays = frozenset(day for day in when if day.day == 11)
    factor = np.stack([week[:, day.weekday()] * (1.4 if day in holidays else 1.0) for day in when])
    launched = np.where(chance.random(titles) < 0.25, chance.integers(0, days, titles), -1)
    age = np.arange(days)[:, None] - launched[None, :]
    launch = np.where(launched < 0, 1.0, np.where(age < 0, 0.0, 0.15 + 4.0 * (1.0 + np.maximum(age, 0)) ** -0.7))
    burst = np.where(chance.random((days, titles)) < 0.005, 3.0, 1.0)
    mean = means * np.exp(walk) * factor * launch * burst
    for title, (day, times) in (raised or {}).items():
        mean[day:, title] *= times
    true = chance.poisson(mean * chance.gamma(40, 1 / 40, mean.shape)).astype(np.float64)
    names = [f"t{n:05d}" for n in range(titles)]
    catalogue = {
        name: Traits(
            genre=f"g{n % 12}",
            creator=f"c{n % 60}",
            kind="film",
            released=when[launched[n]] if launched[n] >= 0 else None,
        )
        for n, name in enumerate(names)
    }
    return Series(_released(true, when, names, catalogue, noise, chance), true, holidays)


def _released(
    true: Counts,
    when: list[date],
    names: list[str],
    catalogue: dict[str, Traits],
    noise: float,
    chance: np.random.Generator,
) -> Panel:
    """Days as the release tells them, and as the forecasts read them."""
    told = []
    for day, row in zip(when, true, strict=True):
        raw = row / RATIO + np.round(chance.normal(0, noise / RATIO, len(row)))
        ends = Estimate(np.array(RATIO), np.array(0.98 * RATIO), np.array(1.02 * RATIO))
        columns = rounded("viewers", scaled(raw, noise / RATIO, ends), 0)
        told.append((day, (names, columns["viewers"], columns["viewers_high"])))
    if noise == 0:
        told = [(day, (names, row, row)) for day, row in zip(when, true, strict=True)]
    return panel_of(told, catalogue)


def movielens(source: Path, days: int | None = None) -> Series:
    """Ratings by title and day, without noise, of the last so many days; through the landing zone that an import makes.
    Titles are those of the catalogue that were rated by then."""
    with TemporaryDirectory() as scratch:
        zone = Path(scratch) / "zone"
        import_movielens(source, zone)
        rows = duckdb.sql(
            f"""select cast(started_at as date) as day, title_id, count(*) as plays
            from read_parquet('{zone}/viewing_events/**/*.parquet') group by all order by 1, 2"""
        ).fetchall()
        genres = dict(duckdb.sql(f"select title_id, genres[1] from read_parquet('{zone}/titles/*.parquet')").fetchall())
    last = max(day for day, _, _ in rows)
    first = min(day for day, _, _ in rows) if days is None else last - timedelta(days=days - 1)
    rows = [row for row in rows if row[0] >= first]
    when = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    names = sorted({title for _, title, _ in rows})
    place = {name: n for n, name in enumerate(names)}
    true = np.zeros((len(when), len(names)))
    for day, title, plays in rows:
        true[(day - first).days, place[title]] = plays
    catalogue = {name: Traits(genre=genres.get(name) or "", kind="film") for name in names}
    told = [(day, (names, row, row)) for day, row in zip(when, true, strict=True)]
    return Series(panel_of(told, catalogue), true, frozenset())


def told(name: str, figures: dict[str, object]) -> str:
    """One line of JSON, for who keeps figures."""
    return json.dumps({"set": name, **figures})
