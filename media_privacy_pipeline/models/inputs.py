"""What the steps read from the lake, as the models want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engines import Session, Span
from .config import ConfidenceConfig, EvaluationConfig
from .evaluation.split import split_day
from .interactions import Bools, Floats, Interactions, confidence
from .serving.filters import minimum_age

COUNTS = ("plays", "timed_plays", "watched_seconds")
LAST = "last_played"
"""The day that a pair's age is counted from."""


def days_until(session: Session, table: str, last: date) -> list[date]:
    """Arrival days of a table up to one: a run never looks at what arrived after its span."""
    return [day for day in session.lake.days(table) if day <= last]


def last_day(span: Span) -> date:
    """The day that the as-of time closes."""
    return (span.as_of - timedelta(microseconds=1)).date()


def read(session: Session, table: str, columns: Sequence[str], days: Sequence[date] | None = None) -> pa.Table:
    """The given columns of a stored table (or of days of it), empty where it was never written."""
    folder = session.folder(table, days)
    if not folder.files:
        return session.engine.fetch(f"select {', '.join(columns)} from {table}", {table: folder})
    return pa.concat_tables([pq.ParquetFile(file).read(list(columns)) for file in folder.files])


@dataclass(frozen=True)
class LearnedFrom:
    """The rows of training_interactions, the arrival days that they come from, and the evaluation's split day."""

    rows: pa.Table
    days: list[date]
    split: date | None


def training_interactions(session: Session, span: Span, config: EvaluationConfig) -> LearnedFrom:
    """Aggregate what training permits, up to the span's last day; without a split day, all counts as before it."""
    source = "permitted_training_viewing_events"
    days = days_until(session, source, span.last)
    by_day = session.engine.fetch(
        session.project.render("training_interactions_by_day"), {source: session.folder(source, days)}
    )
    events = sorted(zip(by_day.column("day").to_pylist(), by_day.column("events").to_pylist(), strict=True))
    split = split_day(events, config)
    at = span.as_of if split is None else datetime.combine(split, time())
    session.materialise("training_interactions", input_days={source: days}, parameters={"split": at})
    columns = list(session.project.contracts["training_interactions"].types)
    return LearnedFrom(read(session, "training_interactions", columns), days, split)


def personalisation_interactions(session: Session, span: Span) -> None:
    """Aggregate what personalisation permits, up to the span's last day."""
    interactions(session, span, "personalisation")


def interactions(session: Session, span: Span, purpose: str) -> None:
    """Aggregate what a purpose permits, up to the span's last day, into `<purpose>_interactions`."""
    source = f"permitted_{purpose}_viewing_events"
    days = days_until(session, source, span.last)
    session.materialise(f"{purpose}_interactions", input_days={source: days})


def weighed(
    rows: pa.Table, config: ConfidenceConfig, suffix: str = "", everyone: pa.Array | None = None
) -> Interactions:
    """Rows of viewer_key, title_id, the counts and the latest day (their names ending in `suffix`) as confidences and
    ages. A pair's age is in days before the latest day of all rows: recency tells pairs apart, and not nights."""
    plays, timed, seconds = (rows.column(name + suffix).to_numpy() for name in COUNTS)
    weights = confidence(plays, timed, seconds, config)
    days = rows.column(LAST + suffix).to_numpy().astype("datetime64[D]").astype(np.int64)
    ages = days.max(initial=0) - days
    return Interactions.of(rows.column("viewer_key"), rows.column("title_id"), weights, everyone=everyone, ages=ages)


@dataclass(frozen=True)
class Title:
    """What is public about a title: its name, its rating in years, its genres, who made it; and whether segments must
    not see it."""

    name: str
    minimum_age: int
    genres: tuple[str, ...]
    sensitive: bool
    creator: str | None = None


def catalogue(session: Session) -> dict[str, Title]:
    """Every title of the catalogue."""
    rows = read(
        session, "accepted_titles", ["title_id", "title", "maturity", "genres", "sensitive", "creator"]
    ).to_pylist()
    return {
        row["title_id"]: Title(
            row["title"] or row["title_id"],
            minimum_age(row["maturity"]),
            tuple(row["genres"] or ()),
            bool(row["sensitive"]),
            row["creator"],
        )
        for row in rows
    }


def open_popularity(session: Session, as_of: datetime, days: int) -> dict[str, float]:
    """Viewers of each title over the last so many released days before the as-of time: noisy counts, open to all."""
    released = [day for day in session.lake.days("title_daily") if datetime.combine(day, datetime.min.time()) < as_of]
    rows = read(session, "title_daily", ["title_id", "viewers"], released[-days:])
    sums = rows.group_by("title_id").aggregate([("viewers", "sum")])
    return dict(zip(sums.column("title_id").to_pylist(), sums.column("viewers_sum").to_pylist(), strict=True))


def countries(session: Session) -> tuple[pa.Array, list[str | None]]:
    """Keys of the viewers who have an account row for personalisation, and their countries; None where the policy does
    not show it."""
    table = "permitted_personalisation_accounts"
    shown = "country" in session.project.contracts[table].types
    rows = read(session, table, ["viewer_key", "country"] if shown else ["viewer_key"])
    keys = rows.column("viewer_key").combine_chunks()
    return keys, rows.column("country").to_pylist() if shown else [None] * len(keys)


def accounts(session: Session) -> tuple[pa.Array, Bools, Floats]:
    """Viewers who have an account row for personalisation: their keys, kids flags, and birth years (NaN: unknown)."""
    rows = read(session, "permitted_personalisation_accounts", ["viewer_key", "is_kid", "birth_year"])
    kids = pc.fill_null(rows.column("is_kid"), False).to_numpy().astype(bool)
    years = pc.fill_null(rows.column("birth_year").cast(pa.float64()), float("nan")).to_numpy()
    return rows.column("viewer_key").combine_chunks(), kids, years
