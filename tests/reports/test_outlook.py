"""The outlook of a release: read from its open tables, shown as a section of its own, and as nothing where there is
none.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, cast

import duckdb
import pyarrow as pa
import pytest

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.published import Release
from media_privacy_pipeline.reports.outlook import outlook
from media_privacy_pipeline.reports.render import render
from media_privacy_pipeline.reports.sparks import HEIGHT, WIDTH, spark

TODAY = date(2026, 3, 1)


class Tables:
    """What the outlook asks of a release."""

    def __init__(self, **tables: list[dict[str, Any]]) -> None:
        self.tables = {name: pa.Table.from_pylist(rows) for name, rows in tables.items()}

    def arrow(self, name: str) -> pa.Table:
        return self.tables[name]

    def duckdb(self, name: str, connection: duckdb.DuckDBPyConnection) -> Any:
        return connection.from_arrow(self.tables[name])


def _release(**more: list[dict[str, Any]]) -> Release:
    def row(title: str, n: int, viewers: float) -> dict[str, Any]:
        ends = {"forecast_low": viewers / 2, "forecast_high": viewers * 2}
        return {"title_id": title, "day": TODAY + timedelta(days=n), "forecast": viewers, **ends, "model": "level"}

    forecast = [row("<b>&", n, 50.0) for n in range(3)] + [row("t2", n, 900.0) for n in range(3)]
    past = [{"title_id": "t2", "day": TODAY - timedelta(days=n), "viewers": 100.0 * n} for n in range(1, 40)]
    score = {"title_group": "faint", "titles": 2, "origins": 6, "mase": 0.7, "coverage": 0.9}
    tried = [
        {**score, "model": "level", "wape": 0.5, "champion": True, "reason": "least WAPE of 4 ways"},
        {**score, "model": "seasonal_naive", "wape": 0.8, "champion": False, "reason": ""},
    ]
    return cast(Release, Tables(title_forecast=forecast, title_daily=past, forecast_backtest=tried, **more))


def _page(found: object) -> str:
    return render("outlook.html.j2", outlook=found)


def test_titles_stand_by_what_is_expected_of_them_with_what_was(session: Session) -> None:
    found = outlook(session, _release())
    assert found is not None
    assert [each.name for each in found.titles] == ["t2", "<b>&"]
    assert found.titles[0].chart.past.count("L") == 27
    [tried] = found.tried
    assert (tried.wape, tried.naive) == (0.5, 0.8)
    page = _page(found)
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    assert "50 %" in page
    assert "80 %" in page
    assert "No title is watched more than expected" in page


def test_what_rises_and_the_slots_are_told(session: Session) -> None:
    rise = {"rank": 1, "title_id": "t2", "since": TODAY, "lift": 412.0, "lift_low": 300.0, "lift_high": 500.0}
    cells = [("DE", "evening", "drama", 60.0), ("DE", "night", "crime", 20.0), ("US", "night", "crime", 0.0)]
    slots = [
        {"day": TODAY + timedelta(days=n), "country": c, "daypart": p, "genre": g, "viewers": v}
        for n in range(2)
        for c, p, g, v in cells
    ]
    found = outlook(session, _release(emerging_titles=[{**rise, "reason": "so many came"}], slot_plan=slots))
    assert found is not None
    assert found.slots is not None
    assert found.slots.dayparts == ("night", "evening")
    assert found.slots.countries["DE"] == ((20.0, pytest.approx(1 / 3)), (60.0, 1.0))
    assert found.slots.genres == {"DE": ("drama", "crime"), "US": ()}
    page = _page(found)
    assert "412" in page
    assert "so many came" in page
    assert "drama, crime" in page


def test_without_a_forecast_there_is_no_outlook(session: Session) -> None:
    assert outlook(session, cast(Release, Tables())) is None


def test_a_chart_stays_in_its_frame_and_nothing_is_drawn_as_a_line_on_the_ground() -> None:
    for past, ahead in ([1.0, 9.0], [(3.0, 0.0, 12.0)] * 3), ([0.0], [(0.0, 0.0, 0.0)]), ([], [(5.0, 1.0, 7.0)]):
        drawn = spark(past, ahead)
        points = [
            each for path in (drawn.past, drawn.ahead, drawn.band) for each in path.strip("MZ ").split(" L") if each
        ]
        for x, y in (each.split(",") for each in points):
            assert 0 <= float(x) <= WIDTH
            assert 0 <= float(y) <= HEIGHT
