"""What the steps read from the lake, as the models want it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow.acero import AggregateNodeOptions, Declaration, ScanNodeOptions
from pyarrow.dataset import dataset

from ..engines import Session, Span
from ..errors import UsageError
from ..sql.permitted import permitted_name
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


def arrival_days(session: Session, span: Span) -> int:
    """How many arrival days of training's window were taken in up to the span's end, those without a row among them."""
    return len(days_until(session, "permitted_training_viewing_events", span.last))


def last_day(span: Span) -> date:
    """The day that the as-of time closes."""
    return (span.as_of - timedelta(microseconds=1)).date()


def read(session: Session, table: str, columns: Sequence[str], days: Sequence[date] | None = None) -> pa.Table:
    """The given columns of a stored table (or of days of it), empty where it was never written."""
    folder = session.folder(table, days)
    if not folder.files:
        return session.engine.fetch(f"select {', '.join(columns)} from {table}", {table: folder})
    return pa.concat_tables([pq.ParquetFile(file).read(list(columns)) for file in folder.files])


def distinct(session: Session, table: str, column: str) -> pa.ChunkedArray:
    """The distinct values of a stored table's column, in no order; never more of the column in memory than these."""
    files = session.folder(table).files
    if not files:
        return read(session, table, [column]).column(0)
    scan = Declaration("scan", ScanNodeOptions(dataset(files, format="parquet"), columns={column: pc.field(column)}))
    distinct = Declaration("aggregate", AggregateNodeOptions([], keys=[column]))
    return Declaration.from_sequence([scan, distinct]).to_table().column(0)


def read_of(session: Session, table: str, columns: Sequence[str], viewers: pa.Array) -> pa.Table:
    """As `read`, the rows alone whose viewer_key lies from the first to the last of some viewers (ascending)."""
    if not len(viewers) or not session.folder(table).files:
        return read(session, table, columns).slice(0, 0)
    key = pc.field("viewer_key")
    wanted = (key >= viewers[0]) & (key <= viewers[-1])
    return dataset(session.folder(table).files, format="parquet").to_table(columns=list(columns), filter=wanted)


@dataclass(frozen=True)
class LearnedFrom:
    """The rows of training_interactions, the arrival days that they come from, and the evaluation's split day."""

    session: Session
    days: list[date]
    split: date | None

    @property
    def pairs(self) -> int:
        """How many rows there are."""
        return self.session.lake.rows("training_interactions")

    @cached_property
    def rows(self) -> pa.Table:
        """All of them, read when they are first asked for."""
        return read(
            self.session, "training_interactions", list(self.session.project.contracts["training_interactions"].types)
        )


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
    return LearnedFrom(session, days, split)


def personalisation_interactions(session: Session, span: Span) -> None:
    """Aggregate what personalisation permits, up to the span's last day."""
    interactions(session, span, "personalisation")


def interactions(session: Session, span: Span, purpose: str) -> None:
    """Aggregate what a purpose permits, up to the span's last day, into `<purpose>_interactions`."""
    source = f"permitted_{purpose}_viewing_events"
    days = days_until(session, source, span.last)
    session.materialise(f"{purpose}_interactions", input_days={source: days})


def weighed(
    rows: pa.Table,
    config: ConfidenceConfig,
    suffix: str = "",
    everyone: pa.Array | None = None,
    latest: date | None = None,
) -> Interactions:
    """Rows of viewer_key, title_id, the counts and the latest day (their names ending in `suffix`) as confidences and
    ages. A pair's age is in days before `latest`, or the latest day of the rows where nothing is given: recency tells
    pairs apart, and not nights. Who gives the rows in parts gives the latest day of all of them."""
    plays, timed, seconds = (rows.column(name + suffix).to_numpy() for name in COUNTS)
    weights = confidence(plays, timed, seconds, config)
    days = rows.column(LAST + suffix).to_numpy().astype("datetime64[D]").astype(np.int64)
    newest = days.max(initial=0) if latest is None else np.datetime64(latest, "D").astype(np.int64)
    ages = newest - days
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


def closed_titles(session: Session, day: date) -> frozenset[str]:
    """Titles whose rights begin after a day or ended before it."""
    rows = read(session, "accepted_titles", ["title_id", "available_from", "available_until"])
    first, last = (rows.column(name).cast(pa.date32()) for name in ("available_from", "available_until"))
    today = pa.scalar(day, pa.date32())
    closed = pc.or_(pc.fill_null(pc.greater(first, today), False), pc.fill_null(pc.less(last, today), False))
    return frozenset(rows.filter(closed).column("title_id").to_pylist())


def countries(session: Session, purpose: str = "personalisation") -> tuple[pa.Array, list[str | None]]:
    """Keys of the viewers who have an account row for a purpose, and their countries; None where the policy does not
    show it to that purpose."""
    table = permitted_name(purpose, "accounts")
    shown = "country" in session.project.contracts[table].types
    rows = read(session, table, ["viewer_key", "country"] if shown else ["viewer_key"])
    keys = rows.column("viewer_key").combine_chunks()
    return keys, rows.column("country").to_pylist() if shown else [None] * len(keys)


def accounts(session: Session, purpose: str = "personalisation") -> tuple[pa.Array, Bools, Floats]:
    """Viewers who have an account row for a purpose: their keys, kids flags, and birth years (NaN: unknown)."""
    rows = read(session, permitted_name(purpose, "accounts"), ["viewer_key", "is_kid", "birth_year"])
    kids = pc.fill_null(rows.column("is_kid"), False).to_numpy().astype(bool)
    years = pc.fill_null(rows.column("birth_year").cast(pa.float64()), float("nan")).to_numpy()
    return rows.column("viewer_key").combine_chunks(), kids, years


def hidden_titles(session: Session, purpose: str, viewers: pa.Array) -> Interactions:
    """What each of these viewers (ascending) hid, row by row. Raises UsageError as `hidden_table`."""
    rows = read(session, hidden_table(session, purpose), ["viewer_key", "title_id"])
    served = rows.filter(pc.is_in(rows.column("viewer_key"), value_set=viewers))
    return Interactions.of(served.column("viewer_key"), served.column("title_id"), everyone=viewers)


def hidden_table(session: Session, purpose: str) -> str:
    """The table of what viewers hid.

    Raises UsageError where the policy does not show the purpose what was hidden: lists would bring it back.
    """
    name = permitted_name(purpose, "hidden_titles")
    if name not in session.project.contracts:
        raise UsageError(
            f"policy: purposes.{purpose}.columns lacks hidden_titles: {{title_id: keep}}: without it the lists would "
            "offer viewers what they hid"
        )
    return name
