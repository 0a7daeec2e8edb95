"""Forecasts of titles whose audience is known: weekdays, holidays, launches, new titles, and the noise they carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from forecast_world import FIRST, WEEK, Service

from media_privacy_pipeline.models.forecast.calendar import calendar_of
from media_privacy_pipeline.models.forecast.candidates import (
    known_of,
    level,
    level_and_launch,
    medians,
    seasonal_naive,
)
from media_privacy_pipeline.models.forecast.config import ForecastConfig

CONFIG = ForecastConfig()
FLAT = np.full(40, 400.0)


def test_weekdays_are_found_through_the_noise() -> None:
    profile = calendar_of(Service(FLAT).panel(), ()).weekdays.mean(axis=1)
    assert profile == pytest.approx(WEEK / WEEK.mean(), abs=0.05)


def test_a_declared_holiday_multiplies_what_is_expected_by_what_holidays_showed() -> None:
    service = Service(FLAT)
    days = [FIRST + timedelta(days=n) for n in (20, 41, 62)]
    told = [(day, (names, 2 * value, 2 * high) if day in days else (names, value, high))
            for day, (names, value, high) in service.told()]  # fmt: skip
    from media_privacy_pipeline.models.forecast.panel import panel_of

    coming = FIRST + timedelta(days=service.days + 3)
    panel = panel_of(told, service.catalogue())
    with_it = level(known_of(panel, [*days, coming], CONFIG)).mean
    without = level(known_of(panel, days, CONFIG)).mean
    assert (with_it[3] / without[3]).mean() == pytest.approx(1.7, abs=0.2)
    assert with_it[4] == pytest.approx(without[4])


def test_levels_are_nearer_to_what_comes_than_last_week_is() -> None:
    service = Service(np.geomspace(2000, 5, 60))
    known = known_of(service.panel(), (), CONFIG)
    coming = service.means(service.days + CONFIG.horizon)[-CONFIG.horizon :]
    ours, naive = (np.abs(way(known).mean - coming).sum() for way in (level, seasonal_naive))
    assert ours < 0.5 * naive


def test_intervals_hold_what_people_watch_and_what_is_released() -> None:
    service = Service(np.geomspace(2000, 5, 60), days=98)
    panel = service.panel()
    forecast = level(known_of(panel.until(70), (), CONFIG))
    beside = np.abs(service.true()[70:] - forecast.mean) / forecast.deviation
    assert 0.85 < (beside < 1.645).mean() < 0.97
    released = np.abs(panel.counts[70:] - forecast.mean) / forecast.released(float(panel.noise[69]))
    assert 0.85 < (released < 1.645).mean() < 0.94


def test_a_launch_is_forecast_to_fall_as_launches_before_it_did() -> None:
    chance = np.random.default_rng(5)
    released = {n: int(chance.integers(0, 50)) for n in range(30)} | {30: 68}
    service = Service(np.full(31, 900.0), released=released)
    known = known_of(service.panel(), (), CONFIG)
    coming = service.means(service.days + CONFIG.horizon)[-CONFIG.horizon :, 30]
    error, flat = (np.abs(way(known).mean[:, 30] - coming).sum() for way in (level_and_launch, level))
    assert error < 0.5 * flat
    assert error < 0.35 * coming.sum()


def test_a_title_that_is_not_out_yet_is_nobody_until_then_and_like_its_creators_titles_after_it() -> None:
    released = {n: 5 + n for n in range(20)} | {20: 75}
    levels = np.array([1500.0 if n < 6 else 100.0 for n in range(20)] + [1.0])
    creators = {n: "A" if n < 6 else "B" for n in range(20)}
    found = []
    for creator in "AB":
        service = Service(levels, released=released, creators={**creators, 20: creator})
        found.append(level_and_launch(known_of(service.panel(), (), CONFIG)).mean[:, 20])
        assert (found[-1][:5] == 0).all()
    assert found[0][5:].mean() > 3 * found[1][5:].mean() > 0


def test_a_missing_day_and_a_title_without_history_change_no_other_forecast() -> None:
    service = Service(FLAT)
    panel = service.panel()
    counts = panel.counts.copy()
    counts[30] = np.nan
    counts[:, 3] = np.nan
    whole, holed = (level(known_of(each, (), CONFIG)).mean for each in (panel, replace(panel, counts=counts)))
    assert np.isfinite(holed).all()
    assert holed[:, 5] == pytest.approx(whole[:, 5], rel=0.1)
    assert holed[:, 3].mean() == pytest.approx(400 * WEEK.mean(), rel=0.2)


def test_the_middle_of_what_is_rarely_watched_is_nobody_and_of_what_often_is_nearly_the_mean() -> None:
    mean = np.array([0.0, 0.2, 3.0, 40.0, 5000.0])
    found = medians(mean, mean)
    assert found[:2].tolist() == [0.0, 0.0]
    assert found[2:] == pytest.approx(mean[2:], rel=0.02)
    skewed = medians(mean, mean + (1.5 * mean) ** 2)
    assert (skewed[2:] < 0.6 * mean[2:]).all()
