"""What is expected, read from the release's own open tables: forecasts, how far they were right, what rises, slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from ..engines import Session
from ..models.forecast.slot_step import HOURS
from ..published import Release
from .sparks import Spark, spark

_TITLES, _PAST, _GENRES = 8, 28, 2
_GROUPS = ("clear", "faint", "lost in noise", "new")


@dataclass(frozen=True)
class Expected:
    """A title: viewers a day expected over the days ahead, by what, and its chart."""

    name: str
    viewers: float
    model: str
    chart: Spark


@dataclass(frozen=True)
class Tried:
    """A group of titles: its champion with WAPE, MASE and coverage, the WAPE of last week again, origins, and why."""

    group: str
    titles: int
    model: str
    wape: float
    naive: float | None
    mase: float | None
    coverage: float
    origins: int
    reason: str


@dataclass(frozen=True)
class Rising:
    """A title above its forecast: since when, by how many viewers a day with both ends, and in words."""

    name: str
    since: date
    lift: float
    low: float
    high: float
    reason: str


@dataclass(frozen=True)
class Slots:
    """Mean viewers of a planned day by country and part of the day, with the shade of each; and a country's genres."""

    dayparts: tuple[str, ...]
    countries: Mapping[str, tuple[tuple[float, float], ...]]
    genres: Mapping[str, tuple[str, ...]]
    first: date
    last: date


@dataclass(frozen=True)
class Outlook:
    """All of it; `rising` None where the table is not in the release."""

    first: date
    last: date
    titles: tuple[Expected, ...]
    tried: tuple[Tried, ...]
    rising: tuple[Rising, ...]
    slots: Slots | None


def outlook(session: Session, release: Release) -> Outlook | None:
    """The outlook of a release; None where nothing is forecast yet."""
    rows = _rows(release, "title_forecast")
    if not rows.num_rows:
        return None
    days = rows.column("day").unique().to_pylist()
    best = _best(rows)
    risen = _rows(release, "emerging_titles").sort_by("rank").to_pylist() if "emerging_titles" in release.tables else []
    names = _names(session, [*(title for title, _ in best), *(row["title_id"] for row in risen)])
    past = _past(release, [title for title, _ in best])
    return Outlook(
        min(days),
        max(days),
        tuple(_expected(rows, title, viewers, names, past.get(title, [])) for title, viewers in best),
        tuple(_tried(_rows(release, "forecast_backtest").to_pylist())),
        tuple(
            Rising(
                names.get(row["title_id"], row["title_id"]),
                row["since"],
                row["lift"],
                row["lift_low"],
                row["lift_high"],
                row["reason"],
            )
            for row in risen
        ),
        _slots(_rows(release, "slot_plan")),
    )


def _rows(release: Release, table: str) -> pa.Table:
    return release.arrow(table) if table in release.tables else pa.table({})


def _best(rows: pa.Table) -> list[tuple[str, float]]:
    means = rows.group_by("title_id").aggregate([("forecast", "mean")])
    ordered = means.sort_by([("forecast_mean", "descending"), ("title_id", "ascending")]).slice(0, _TITLES)
    return list(zip(ordered.column("title_id").to_pylist(), ordered.column("forecast_mean").to_pylist(), strict=True))


def _expected(rows: pa.Table, title: str, viewers: float, names: Mapping[str, str], past: Sequence[float]) -> Expected:
    own = rows.filter(pa.compute.equal(rows.column("title_id"), title)).sort_by("day").to_pylist()
    ahead = [(row["forecast"], row["forecast_low"], row["forecast_high"]) for row in own]
    return Expected(names.get(title, title), viewers, own[0]["model"], spark(past, ahead))


def _past(release: Release, titles: Sequence[str]) -> dict[str, list[float]]:
    """Released viewers of titles on the last days, in order."""
    if "title_daily" not in release.tables:
        return {}
    import duckdb

    found: dict[str, list[float]] = {}
    with duckdb.connect() as connection:
        release.duckdb("title_daily", connection).create_view("title_daily")
        sql = """
            select title_id, viewers from title_daily
            where title_id in (select unnest(?::varchar[]))
              and date_diff('day', day, (select max(day) from title_daily)) < ?
            order by day, title_id"""
        for title, viewers in connection.execute(sql, [list(titles), _PAST]).fetchall():
            found.setdefault(title, []).append(viewers)
    return found


def _names(session: Session, titles: Sequence[str]) -> dict[str, str]:
    if not titles or not session.lake.has("accepted_titles"):
        return {}
    ids = ", ".join("'" + title.replace("'", "''") + "'" for title in titles)
    sql = f"select title_id, title from accepted_titles where title_id in ({ids})"
    found = session.engine.fetch(sql, {"accepted_titles": session.folder("accepted_titles")}).to_pylist()
    return {row["title_id"]: row["title"] or row["title_id"] for row in found}


def _tried(rows: list[dict[str, Any]]) -> list[Tried]:
    naive = {row["title_group"]: row["wape"] for row in rows if row["model"] == "seasonal_naive"}
    return [
        Tried(
            row["title_group"],
            row["titles"],
            row["model"],
            row["wape"],
            naive.get(row["title_group"]),
            row["mase"],
            row["coverage"],
            row["origins"],
            row["reason"],
        )
        for row in sorted((row for row in rows if row["champion"]), key=lambda row: _GROUPS.index(row["title_group"]))
    ]


def _slots(rows: pa.Table) -> Slots | None:
    if not rows.num_rows:
        return None
    days = rows.column("day").unique().to_pylist()
    cells = rows.group_by(["country", "daypart"]).aggregate([("viewers", "sum")]).to_pylist()
    viewers = {(row["country"], row["daypart"]): row["viewers_sum"] / len(days) for row in cells}
    dayparts = tuple(sorted({part for _, part in viewers}, key=[*HOURS].index))
    most = max(viewers.values(), default=0.0) or 1.0
    countries = sorted({country for country, _ in viewers})
    genres = rows.group_by(["country", "genre"]).aggregate([("viewers", "sum")]).to_pylist()
    liked = {
        country: sorted(
            (row for row in genres if row["country"] == country and row["viewers_sum"] > 0),
            key=lambda row: (-row["viewers_sum"], row["genre"]),
        )[:_GENRES]
        for country in countries
    }
    return Slots(
        dayparts,
        {c: tuple((viewers.get((c, p), 0.0), viewers.get((c, p), 0.0) / most) for p in dayparts) for c in countries},
        {country: tuple(row["genre"] for row in own) for country, own in liked.items()},
        min(days),
        max(days),
    )
