"""The titles: heavy-tailed, with genres, ages, launches inside the period, and days on which one title bursts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

GENRES = (
    "action", "animation", "comedy", "crime", "documentary", "drama", "family", "fantasy", "horror", "music",
    "romance", "science fiction", "sport", "thriller",
)  # fmt: skip
KIDS_GENRES = ("animation", "family")
TITLE_COLUMNS = pa.schema(
    [
        ("title_id", pa.string()),
        ("title", pa.string()),
        ("kind", pa.string()),
        ("genres", pa.list_(pa.string())),
        ("release_year", pa.int32()),
        ("runtime_seconds", pa.int32()),
        ("creator", pa.string()),
        ("language", pa.string()),
        ("synopsis", pa.string()),
        ("maturity", pa.string()),
        ("sensitive", pa.bool_()),
    ]
)
_KINDS = {"film": 0.45, "series": 0.3, "episode": 0.05, "news": 0.06, "music": 0.06, "podcast": 0.05, "other": 0.03}
_RUNTIME = {
    "film": 6300, "series": 2700, "episode": 2400, "news": 900, "music": 240, "podcast": 2400, "other": 600,
}  # fmt: skip
_MATURITY = ("all", "7", "12", "16", "18")
_FIRST = (
    "Amber", "Blue", "Broken", "Crimson", "Distant", "Electric", "Final", "Gentle", "Hidden", "Iron", "Lost",
    "Midnight", "Northern", "Painted", "Quiet", "Restless", "Silver", "Stolen", "Velvet", "Wild",
)  # fmt: skip
_SECOND = (
    "Archive", "Bridge", "Coast", "Divide", "Engine", "Forest", "Garden", "Harbour", "Island", "Journey", "Kingdom",
    "Lantern", "Mirror", "Orchard", "Parade", "River", "Signal", "Theatre", "Voyage", "Winter",
)  # fmt: skip
_LANGUAGES = ("en", "de", "fr", "pt", "ja", "es")
_LAUNCH_SHARE = 0.08
_LAUNCH_PEAK = 9.0
_LAUNCH_DECAY_DAYS = 4.0
_BURST_EVERY_DAYS = 6
_BURST_FACTOR = 15.0


@dataclass(frozen=True)
class Catalogue:
    """Titles as columns of equal length; `launch_day` is days after the first (negative: already there)."""

    ids: pa.Array
    table: pa.Table
    genres: npt.NDArray[np.bool_]  # titles by GENRES
    popularity: npt.NDArray[np.float64]
    runtime: npt.NDArray[np.int32]
    for_kids: npt.NDArray[np.bool_]
    launch_day: npt.NDArray[np.int32]
    burst_title: npt.NDArray[np.int64]  # one per burst, on day burst_day
    burst_day: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def demand(self, day: int) -> npt.NDArray[np.float64]:
        """How much each title is asked for on one day, tastes aside: zero before its launch."""
        age = day - self.launch_day
        new = (self.launch_day > 0) & (age >= 0)
        factor = np.where(new, 1 + _LAUNCH_PEAK * np.exp(-np.maximum(age, 0) / _LAUNCH_DECAY_DAYS), 1.0)
        demand = self.popularity * factor * (age >= 0)
        demand[self.burst_title[self.burst_day == day]] *= _BURST_FACTOR
        return demand


def make_catalogue(rng: np.random.Generator, titles: int, first_day: date, days: int) -> Catalogue:
    """`titles` made-up titles for a zone of `days` days: Zipf-like demand with exponent 0.8, 8 % launched inside."""
    numbers = np.arange(titles)
    kinds = rng.choice(list(_KINDS), titles, p=np.array(list(_KINDS.values())))
    genres = _genres(rng, titles)
    for_kids = genres[:, [GENRES.index(g) for g in KIDS_GENRES]].any(axis=1) & (rng.random(titles) < 0.7)
    maturity = np.where(
        for_kids, rng.choice(_MATURITY[:2], titles), rng.choice(_MATURITY, titles, p=[0.25, 0.15, 0.3, 0.2, 0.1])
    )
    base = np.array([_RUNTIME[kind] for kind in kinds])
    runtime = np.maximum(60, (base * np.exp(rng.normal(0, 0.25, titles))).astype(np.int32))
    launch = np.where(rng.random(titles) < _LAUNCH_SHARE, rng.integers(1, max(2, days), titles), -1)
    year = np.where(launch > 0, first_day.year, first_day.year - rng.geometric(0.09, titles)).clip(1950)
    ids = pa.array([f"t{n:05d}" for n in numbers])
    bursts = np.arange(_BURST_EVERY_DAYS // 2, days, _BURST_EVERY_DAYS)
    popularity = ((rng.permutation(titles) + 1.0) ** -0.8).astype(np.float64)
    columns: dict[str, Any] = {
        "title_id": ids,
        "title": [_name(n) for n in rng.permutation(titles)],
        "kind": kinds.tolist(),
        "genres": [[GENRES[g] for g in np.flatnonzero(row)] for row in genres],
        "release_year": year.astype(np.int32),
        "runtime_seconds": runtime,
        "creator": [f"Studio {n}" for n in rng.integers(1, max(2, titles // 6), titles)],
        "language": rng.choice(_LANGUAGES, titles, p=[0.5, 0.15, 0.1, 0.1, 0.05, 0.1]).tolist(),
        "synopsis": [f"A made-up {kind}." for kind in kinds],
        "maturity": maturity.tolist(),
        "sensitive": (rng.random(titles) < 0.04) & ~for_kids,
    }
    return Catalogue(
        ids=ids,
        table=pa.table(columns, schema=TITLE_COLUMNS),
        genres=genres,
        popularity=popularity,
        runtime=runtime,
        for_kids=for_kids,
        launch_day=launch.astype(np.int32),
        burst_title=rng.integers(0, titles, len(bursts)),
        burst_day=bursts,
    )


def release_calendar(catalogue: Catalogue, first_day: date) -> list[tuple[str, date]]:
    """The titles that launch inside the period, and when."""
    return [
        (catalogue.ids[int(n)].as_py(), first_day + timedelta(days=int(catalogue.launch_day[n])))
        for n in np.flatnonzero(catalogue.launch_day > 0)
    ]


def _genres(rng: np.random.Generator, titles: int) -> npt.NDArray[np.bool_]:
    """One to three genres a title."""
    order = rng.random((titles, len(GENRES))).argsort(axis=1)
    many = rng.choice([1, 2, 3], titles, p=[0.4, 0.4, 0.2])
    genres = np.zeros((titles, len(GENRES)), dtype=bool)
    for place in range(3):
        rows = many > place
        genres[rows, order[rows, place]] = True
    return genres


def _name(number: int) -> str:
    names = len(_FIRST) * len(_SECOND)
    first, second = divmod(int(number) % names, len(_SECOND))
    part = int(number) // names
    return f"The {_FIRST[first]} {_SECOND[second]}" + (f" {part + 1}" if part else "")
