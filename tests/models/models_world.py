"""A small made-up service: viewers with tastes, stored as what consent permits, so that the steps run on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models.config import EvaluationConfig, GateConfig, IalsConfig, ModelsConfig

FIRST = date(2026, 3, 1)
DAYS = 20
SPAN = Span.of(FIRST, FIRST + timedelta(days=DAYS - 1))
_LETTERS = {"training": "a", "personalisation": "b", "advertising": "c"}
QUICK = ModelsConfig(
    ials=IalsConfig(factors=8, iterations=6, threads=1),
    contenders={},
    gate=GateConfig(resamples=200),
    evaluation=EvaluationConfig(resamples=100),
)
"""Trained and judged in a moment, and ahead of popularity all the same."""
ALONE = ModelsConfig(contenders={})
"""Nobody competes with ials."""
GENRES = ("comedy", "drama", "horror", "western")


@dataclass
class World:
    """Titles t000.. of one genre each; viewers who watch nine times out of ten in the genre of their taste."""

    viewers: int = 240
    titles: int = 40
    plays: int = 14
    seed: int = 1
    maturity: dict[str, str | None] = field(default_factory=dict)
    sensitive: set[str] = field(default_factory=set)
    birth_year: dict[int, int | None] = field(default_factory=dict)
    kids: set[int] = field(default_factory=set)

    def title(self, n: int) -> str:
        return f"t{n:03d}"

    def genre(self, n: int) -> str:
        return GENRES[n % len(GENRES)]

    def taste(self, viewer: int) -> int:
        return viewer % len(GENRES)

    def key(self, purpose: str, viewer: int) -> str:
        return f"{_LETTERS[purpose]}{viewer:031x}"

    def events(self) -> list[tuple[int, str, date]]:
        random = np.random.default_rng(self.seed)
        found = []
        for viewer in range(self.viewers):
            for _ in range(self.plays):
                n = int(random.integers(self.titles // len(GENRES))) * len(GENRES)
                n += self.taste(viewer) if random.random() < 0.9 else int(random.integers(len(GENRES)))
                found.append((viewer, self.title(n), FIRST + timedelta(days=int(random.integers(DAYS)))))
        return found

    def store(self, session: Session) -> World:
        """Write the permitted tables and the catalogue."""
        events = self.events()
        for purpose in _LETTERS:
            self.store_events(session, purpose, events)
        self.store_accounts(session, range(self.viewers))
        self.store_titles(session)
        return self

    def store_accounts(self, session: Session, people: Iterable[int]) -> None:
        """Write the account rows of some viewers."""
        people = list(people)
        write(
            session,
            "permitted_personalisation_accounts",
            viewer_key=[self.key("personalisation", v) for v in people],
            account_key=[self.key("personalisation", v // 2) for v in people],
            is_kid=[v in self.kids for v in people],
            birth_year=[self.birth_year.get(v, 1980) for v in people],
        )

    def store_titles(self, session: Session) -> None:
        names = [self.title(n) for n in range(self.titles)]
        write(
            session,
            "accepted_titles",
            title_id=names,
            title=[f"Title {name}" for name in names],
            genres=[[self.genre(n)] for n in range(self.titles)],
            maturity=[self.maturity.get(name, "all") for name in names],
            sensitive=[name in self.sensitive for name in names],
        )

    def store_events(
        self, session: Session, purpose: str, events: list[tuple[int, str, date]], days: int = DAYS
    ) -> None:
        """Write the first so many arrival days of what a purpose permits, those without an event as empty ones."""
        table = f"permitted_{purpose}_viewing_events"
        taken_in = [FIRST + timedelta(days=n) for n in range(days)]
        session.lake.delete(table)
        with session.lake.write(table, f"{sorted(events)}", taken_in) as staging:
            for day in sorted({day for _, _, day in events}.intersection(taken_in)):
                today = [(viewer, title) for viewer, title, at in events if at == day]
                folder = staging / f"arrival_day={day.isoformat()}"
                folder.mkdir()
                at = datetime.combine(day, datetime.min.time())
                columns = {
                    "viewer_key": [self.key(purpose, viewer) for viewer, _ in today],
                    "account_key": [self.key(purpose, viewer // 2) for viewer, _ in today],
                    "title_id": [title for _, title in today],
                    "started_at": pa.array([at] * len(today), pa.timestamp("us")),
                    "watched_seconds": pa.array([1800] * len(today), pa.int32()),
                }
                pq.write_table(pa.table(columns), folder / "part-0.parquet")


def write(session: Session, table: str, **columns: list[object]) -> None:
    """Write a snapshot with the given columns, and null for the others of its contract."""
    rows = len(next(iter(columns.values())))
    with session.lake.write(table, repr(columns)) as staging:
        full = {name: columns.get(name, pa.nulls(rows)) for name in session.project.contracts[table].types}
        pq.write_table(pa.table(full), staging / "part-0.parquet")


def open_counts(session: Session, counts: dict[str, float]) -> None:
    """Write open title counts of one released day."""
    day = FIRST + timedelta(days=DAYS - 3)
    with session.lake.write("title_daily", "open", [day], by="day") as staging:
        (staging / f"day={day.isoformat()}").mkdir()
        rows = {"title_id": list(counts), "viewers": list(counts.values())}
        full = {
            name: pa.array(rows.get(name, [0.0] * len(counts)))
            for name in session.project.contracts["title_daily"].types
            if name != "day"
        }
        pq.write_table(pa.table(full), staging / f"day={day.isoformat()}" / "part-0.parquet")


def rows_of(session: Session, table: str) -> list[dict[str, object]]:
    """Every row of a stored table, in the order of its files."""
    found: list[dict[str, object]] = []
    for file in session.lake.files(table):
        found += pq.ParquetFile(file).read().to_pylist()
    return found


def bytes_of(session: Session, table: str) -> list[bytes]:
    """What the files of a table hold, to the byte."""
    return [Path(file).read_bytes() for file in session.lake.files(table)]
