"""The step of slot_plan: the margins that are released, read and fitted, for the days that follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import product

import numpy as np
import pyarrow as pa

from ...engines import Session, Span, StepResult
from ...lake import fingerprint_of
from ..inputs import read
from ..interactions import Bools, Floats
from .calendar import WEEK, calendar_of
from .config import ForecastConfig
from .inputs import COUNTS, measure, panel, released_days
from .panel import Panel
from .readings import read_back
from .slots import Margin, Margins, planned

TABLE, AUDIENCE, TASTE = "slot_plan", "audience_daily", "genre_weekly"
HOURS = {"night": "00-06", "morning": "06-12", "afternoon": "12-18", "evening": "18-24"}
"""The parts of the day (UTC): no finer time is released."""
OTHER = "other"
_VERSION, _NOTHING = 1, 1e-12
_SCHEMA = pa.schema(
    [
        ("day", pa.date32()),
        ("country", pa.string()),
        ("daypart", pa.string()),
        ("hours", pa.string()),
        ("genre", pa.string()),
        *((name, pa.float64()) for name in ("viewers", "viewers_low", "viewers_high")),
    ]
)


def plan_slots(session: Session, span: Span, config: ForecastConfig | None = None) -> StepResult:
    """`slot_plan` for the days after the last released one; empty where no day of audience_daily was released yet."""
    config, lake = config or ForecastConfig(), session.lake
    days = {name: released_days(session, name, span.as_of, config.slot_history_days) for name in (AUDIENCE, COUNTS)}
    weeks = released_days(session, TASTE, span.as_of, max(1, config.slot_history_days // WEEK))
    holidays = session.policy.calendar.holidays
    inputs = fingerprint_of(
        [lake.fingerprint(name, own) for name, own in {**days, TASTE: weeks}.items()],
        lake.fingerprint("accepted_titles"),
        sorted(map(str, holidays)),
        config.model_dump_json(),
        _VERSION,
    )
    if lake.is_current(TABLE, inputs):
        return StepResult({TABLE: lake.rows(TABLE)}, skipped=True)
    if not days[AUDIENCE]:
        session.put(TABLE, inputs, _SCHEMA.empty_table())
        return StepResult({TABLE: 0}, metadata={"reason": f"no day of {AUDIENCE} was released yet"})
    countries, dayparts, audience = _audience(session, days[AUDIENCE])
    genres, taste = _taste(session, weeks, countries)
    counts = panel(session, days[COUNTS])
    margins = Margins(audience, taste, _week(counts, genres), len(genres))
    plan = planned(margins, config)
    ahead = [days[AUDIENCE][-1] + timedelta(days=n + 1) for n in range(config.slot_days)]
    holiday = calendar_of(counts, holidays).holiday if len(counts) else 1.0
    factor = [holiday if day in holidays else 1.0 for day in ahead]
    cells = list(product(range(len(ahead)), range(len(countries)), range(len(dayparts)), range(len(genres))))
    places = np.array(cells).T
    weekday, scale = np.array([day.weekday() for day in ahead])[places[0]], np.array(factor)[places[0]]
    at = (weekday, *places[1:])
    table = pa.table(
        [
            pa.array([ahead[n] for n in places[0].tolist()], pa.date32()),
            pa.array([countries[n] for n in places[1].tolist()]),
            pa.array([dayparts[n] for n in places[2].tolist()]),
            pa.array([HOURS.get(dayparts[n], "") for n in places[2].tolist()]),
            pa.array([genres[n] for n in places[3].tolist()]),
            *(pa.array(np.round(each[at] * scale, 2)) for each in (plan.viewers, plan.low, plan.high)),
        ],
        schema=_SCHEMA,
    )
    session.put(TABLE, inputs, table)
    return StepResult(
        {TABLE: table.num_rows},
        metadata={
            "released days": len(days[AUDIENCE]),
            "released weeks of genres": len(weeks),
            "margins": "weekday, country, part of the day; country, genre; weekday, genre",
            "left of the fit": plan.left,
        },
    )


def _audience(session: Session, days: Sequence[date]) -> tuple[list[str], list[str], Margin]:
    """Countries, parts of the day, and the mean of released viewers on each weekday, all kinds of device together."""
    columns = ["country", "daypart", "viewers", "viewers_high"]
    tables = {day: read(session, AUDIENCE, columns, [day]) for day in days}
    countries = sorted({name for table in tables.values() for name in table.column("country").to_pylist()})
    dayparts = sorted({name for table in tables.values() for name in table.column("daypart").to_pylist()}, key=_in_day)
    size = (len(countries), len(dayparts))
    sums, variances = np.zeros((len(days), *size)), np.zeros((len(days), *size))
    for n, table in enumerate(tables.values()):
        found = read_back(measure(table, "viewers"), measure(table, "viewers_high"))
        at = (_places(countries, table.column("country")), _places(dayparts, table.column("daypart")))
        np.add.at(sums[n], at, found.counts)
        np.add.at(variances[n], at, found.noise**2)
    return countries, dayparts, _by_weekday(sums, variances, days)


def _by_weekday(sums: Floats, variances: Floats, days: Sequence[date]) -> Margin:
    """Means by weekday, drawn towards what the weekday's total and the mean of all days would have by as much as noise
    asks for (empirical Bayes). A weekday that was not released yet is as the others were. Their deviation holds the
    noise, and how much days of one weekday differ beside it."""
    weekday = np.array([day.weekday() for day in days])
    value, noise = np.zeros((WEEK, *sums.shape[1:])), np.zeros((WEEK, *sums.shape[1:]))
    scatter = np.zeros(sums.shape[1:])
    for day in range(WEEK):
        at = weekday == day
        if at.any():
            scatter += ((sums[at] - sums[at].mean(axis=0)) ** 2).sum(axis=0)
        at = at if at.any() else np.ones(len(days), bool)
        value[day], noise[day] = sums[at].mean(axis=0), variances[at].mean(axis=0) / at.sum()
    beside = np.maximum(scatter / max(len(days) - WEEK, 1) - variances.mean(axis=0), 0)
    total = value.sum(axis=tuple(range(1, value.ndim)), keepdims=True)
    expected = total / total.mean() * value.mean(axis=0) if total.mean() > 0 else value
    spread = max(float(((value - expected) ** 2 - noise).mean()), 0.0)
    own = spread / np.maximum(spread + noise, _NOTHING)
    return Margin(expected + own * (value - expected), np.sqrt(own * noise + noise / WEEK + beside))


def _taste(session: Session, weeks: Sequence[date], countries: Sequence[str]) -> tuple[list[str], Margin | None]:
    """Genres, and the mean of their released viewers in each country."""
    columns = ["country", "genre", "viewers", "viewers_high"]
    tables = [read(session, TASTE, columns, [week]) for week in weeks]
    genres = sorted({name for table in tables for name in table.column("genre").to_pylist()} | {OTHER})
    if not tables:
        return _declared(session) or genres, None
    sums, variances = np.zeros((len(countries), len(genres))), np.zeros((len(countries), len(genres)))
    for table in tables:
        found = read_back(measure(table, "viewers"), measure(table, "viewers_high"))
        rows = _places(countries, table.column("country"))
        inside = rows >= 0
        at = (rows[inside], _places(genres, table.column("genre"))[inside])
        np.add.at(sums, at, found.counts[inside])
        np.add.at(variances, at, found.noise**2)
    return genres, Margin(sums / len(tables), np.sqrt(variances) / len(tables))


def _declared(session: Session) -> list[str]:
    """The genres that the policy counts by week, before any week is closed."""
    statement = session.policy.releases.tables.get(TASTE)
    cells = {} if statement is None else statement.cells
    return sorted({*cells["genre"].values, OTHER}) if "genre" in cells else []


def _week(counts: Panel, genres: Sequence[str]) -> Margin | None:
    """Mean released viewers of a weekday by the catalogue's first genre, titles added up; None without a week."""
    if len(counts) < WEEK or not len(counts.titles):
        return None
    genre = _places(genres, [each.genre for each in counts.traits])
    genre = np.where(genre < 0, list(genres).index(OTHER), genre)
    there = counts.seen()
    sums, variances = np.zeros((len(counts), len(genres))), np.zeros((len(counts), len(genres)))
    np.add.at(sums.T, genre, np.where(there, counts.counts, 0).T)
    np.add.at(variances.T, genre, (there * (counts.noise**2)[:, None]).T)
    known: Bools = np.asarray(there.any(axis=1))
    days = [day for n, day in enumerate(counts.days) if known[n]]
    return _by_weekday(sums[known], variances[known], days)


def _places(names: Sequence[str], values: pa.ChunkedArray | Sequence[str]) -> np.ndarray:
    place = {name: n for n, name in enumerate(names)}
    listed = values.to_pylist() if isinstance(values, pa.ChunkedArray) else values
    return np.array([place.get(name, -1) for name in listed], np.int64)


def _in_day(daypart: str) -> tuple[int, str]:
    return (list(HOURS).index(daypart) if daypart in HOURS else len(HOURS), daypart)
