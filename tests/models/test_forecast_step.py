"""The steps of the forecasts, from stored released tables to published ones: whatever these hold, and from them
alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from forecast_world import FIRST, Service
from models_world import rows_of, write

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.protocol import Folder
from media_privacy_pipeline.models.forecast.slot_step import TABLE, plan_slots
from media_privacy_pipeline.models.forecast.step import FORECAST, TABLES, forecast_titles
from media_privacy_pipeline.orchestration.validated import validated
from media_privacy_pipeline.privacy.estimate import CELL_Z
from media_privacy_pipeline.sql import Access, Project, ProtectedBy

DAYS = 35
SPAN = Span.of(FIRST, FIRST + timedelta(days=DAYS - 1))
SERVICE = Service(np.geomspace(600, 2, 12), days=DAYS)


@dataclass
class Store:
    """Released tables in a session's lake."""

    session: Session

    def counts(self, service: Service, days: list[int] | None = None) -> Store:
        for n, (day, (titles, value, high)) in enumerate(service.told()):
            if days is None or n in days:
                self.put("title_daily", "day", day, title_id=titles, viewers=list(value), viewers_high=list(high))
        return self

    def catalogue(self, titles: list[str], **columns: list[object]) -> Store:
        genres: list[object] = [["drama"] if n % 2 else ["comedy", "drama"] for n in range(len(titles))]
        write(
            self.session, "accepted_titles", **{"title_id": [*titles], "title": [*titles], "genres": genres, **columns}
        )
        return self

    def audience(self, days: int = DAYS) -> Store:
        """Twice as many in the evening, and in DE; noise of scale 10."""
        chance = np.random.default_rng(3)
        cells = [(c, d, p) for c in ("DE", "US") for d in ("tv", "web") for p in ("evening", "night")]
        for n in range(days):
            raw = np.array([100.0 * (1 + (c == "DE")) * (1 + (p == "evening")) for c, _, p in cells])
            raw += np.round(chance.normal(0, 10, len(cells)))
            names = dict(zip(("country", "device_type", "daypart"), map(list, zip(*cells, strict=True)), strict=True))
            high = list(np.ceil(raw + CELL_Z * 10))
            self.put("audience_daily", "day", FIRST + timedelta(days=n), **names, viewers=list(raw), viewers_high=high)
        return self

    def taste(self) -> Store:
        cells = [(c, g) for c in ("DE", "US") for g in ("comedy", "drama", "other")]
        viewers = [300.0, 100.0, 10.0, 100.0, 300.0, 10.0]
        names = dict(zip(("country", "genre"), map(list, zip(*cells, strict=True)), strict=True))
        for n in range(0, DAYS - 7, 7):
            high = [each + 20.0 for each in viewers]
            self.put("genre_weekly", "week", FIRST + timedelta(days=n), **names, viewers=viewers, viewers_high=high)
        return self

    def put(self, table: str, by: str, day: date, **columns: list[object] | list[str] | list[float]) -> None:
        with self.session.lake.write(table, f"{day} {columns}", [day], by=by) as staging:
            folder = staging / f"{by}={day.isoformat()}"
            folder.mkdir()
            rows = len(next(iter(columns.values())))
            types = self.session.project.contracts[table].types
            full = {name: pa.array(columns.get(name, [0.0] * rows)) for name in types if name != by}
            pq.write_table(pa.table(full), folder / "part-0.parquet")


@pytest.fixture
def store(session: Session) -> Store:
    return Store(session)


def forecasts(session: Session) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for row in rows_of(session, FORECAST):
        found.setdefault(str(row["title_id"]), []).append(row)
    return found


def test_all_four_tables_keep_their_contracts_and_a_second_run_finds_nothing_to_do(store: Store) -> None:
    store.counts(SERVICE).catalogue(SERVICE.titles()).audience().taste()
    session = store.session
    result = forecast_titles(session, SPAN)
    assert result.rows[FORECAST] == 12 * 28
    assert plan_slots(session, SPAN).rows[TABLE] == 7 * 2 * 2 * 3
    outcomes = validated(session, [*TABLES, TABLE], SPAN)
    assert len(outcomes) > 40
    assert [outcome.name for outcome in outcomes if not outcome.passed] == []
    assert forecast_titles(session, SPAN).skipped
    assert plan_slots(session, SPAN).skipped
    assert {row["day"] for row in rows_of(session, FORECAST)} == {SPAN.last + timedelta(days=n + 1) for n in range(28)}


def test_they_descend_from_paid_releases_and_the_catalogue_alone(project: Project) -> None:
    for name in (*TABLES, TABLE):
        contract = project.contracts[name]
        assert contract.meta.access is Access.open
        assert contract.meta.protected_by is None
        assert contract.meta.made_from
        for behind in contract.meta.made_from:
            other = project.contracts[behind]
            assert other.meta.protected_by is ProtectedBy.dp or behind == "accepted_titles"


def test_the_steps_open_nothing_else(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.counts(SERVICE).catalogue(SERVICE.titles()).audience().taste()
    opened, folder = set(), Session.folder

    def told(self: Session, table: str, days: Sequence[date] | None = None) -> Folder:
        opened.add(table)
        return folder(self, table, days)

    monkeypatch.setattr(Session, "folder", told)
    for step, tables in ((forecast_titles, TABLES), (plan_slots, (TABLE,))):
        opened.clear()
        step(store.session, SPAN)
        made_from = {name for each in tables for name in store.session.project.contracts[each].meta.made_from}
        assert opened == made_from


def test_without_a_released_day_all_are_empty(store: Store) -> None:
    store.catalogue(SERVICE.titles())
    result = forecast_titles(store.session, SPAN)
    assert (set(result.rows.values()), result.metadata["reason"]) == ({0}, "no day was released yet")
    assert plan_slots(store.session, SPAN).rows == {TABLE: 0}


def test_one_day_is_enough_for_a_forecast_and_too_little_for_a_backtest(store: Store) -> None:
    store.counts(SERVICE, [0]).catalogue(SERVICE.titles()).audience(1)
    rows = forecast_titles(store.session, SPAN).rows
    assert rows == {FORECAST: 12 * 28, "forecast_backtest": 0, "emerging_titles": 0}
    assert {row["model"] for row in rows_of(store.session, FORECAST)} == {"level_and_launch"}
    plan_slots(store.session, SPAN)
    by_part: dict[object, float] = {}
    for row in rows_of(store.session, TABLE):
        by_part[row["daypart"]] = by_part.get(row["daypart"], 0.0) + float(str(row["viewers"]))
    assert by_part["evening"] > 1.5 * by_part["night"]


def test_weeks_of_nobody_are_forecast_as_nobody(store: Store) -> None:
    nobody = Service(np.zeros(12), days=DAYS)
    store.counts(nobody).catalogue(nobody.titles())
    forecast_titles(store.session, SPAN)
    rows = rows_of(store.session, FORECAST)
    assert np.mean([float(str(row["forecast"])) for row in rows]) < 6
    assert all(0 <= float(str(row["forecast_low"])) <= float(str(row["forecast"])) for row in rows)
    exact = Service(np.zeros(12), days=DAYS, noise=0.0)
    store.counts(exact)
    forecast_titles(store.session, SPAN)
    assert all(float(str(row["forecast"])) < 0.1 for row in rows_of(store.session, FORECAST))


def test_a_title_without_history_in_another_script_is_forecast_by_titles_like_it(store: Store) -> None:
    name = "七人の侍 — Семь самураев"
    service = Service(np.full(12, 500.0), days=DAYS)
    store.counts(service).catalogue([*service.titles(), name])
    result = forecast_titles(store.session, SPAN)
    assert result.metadata["titles that were never counted"] == 1
    [*rows] = forecasts(store.session)[name]
    assert {row["model"] for row in rows} == {"analogue"}
    assert float(str(rows[0]["forecast_high"])) > float(str(rows[0]["forecast"])) > 250


def test_missing_days_and_titles_that_left_the_catalogue_are_no_trouble(store: Store) -> None:
    store.counts(SERVICE, [n for n in range(DAYS) if n not in (3, 17, 18)]).catalogue(SERVICE.titles()[:9])
    forecast_titles(store.session, SPAN)
    found = forecasts(store.session)
    assert sorted(found) == SERVICE.titles()[:9]
    first = [float(str(row["forecast"])) for row in found["t0000"]]
    assert np.mean(first) == pytest.approx(600, rel=0.25)


def test_the_plan_follows_country_part_of_the_day_and_taste(store: Store) -> None:
    store.counts(SERVICE).catalogue(SERVICE.titles()).audience().taste()
    plan_slots(store.session, SPAN)
    rows = rows_of(store.session, TABLE)

    def viewers(**of: str) -> float:
        return sum(float(str(row["viewers"])) for row in rows if all(row[name] == of[name] for name in of))

    assert viewers(country="DE") == pytest.approx(2 * viewers(country="US"), rel=0.1)
    assert viewers(daypart="evening") == pytest.approx(2 * viewers(daypart="night"), rel=0.1)
    assert viewers(country="DE", genre="comedy") > 2 * viewers(country="DE", genre="drama")
    assert viewers(country="US", genre="drama") > 2 * viewers(country="US", genre="comedy")
    assert {row["hours"] for row in rows} == {"00-06", "18-24"}
