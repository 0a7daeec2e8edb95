"""What rises beyond its forecast is found, and how often something is that does not is kept to what is stated."""

from __future__ import annotations

import numpy as np
import pytest
from forecast_world import Service

from media_privacy_pipeline.models.forecast.candidates import known_of
from media_privacy_pipeline.models.forecast.config import ForecastConfig
from media_privacy_pipeline.models.forecast.emerging import Rise, alarms, evidence, rising

CONFIG = ForecastConfig()


def test_where_nothing_rises_a_night_lists_something_as_rarely_as_stated() -> None:
    chance = np.random.default_rng(11)
    nights, listed = 2_000, 0
    for _ in range(nights):
        found, _ = evidence(chance.standard_normal((56, 20)), CONFIG)
        listed += bool(len(alarms(found, CONFIG.false_discoveries)))
    # 5 % of 2,000 and three standard deviations of such a count.
    assert listed <= 100 + 3 * np.sqrt(95)


def test_the_mean_of_an_e_value_is_one_at_most_where_nothing_rises() -> None:
    chance = np.random.default_rng(12)
    narrow = ForecastConfig(rising_shifts=(0.2, 0.4), rising_days=7, rising_most=50)
    found, _ = evidence(chance.standard_normal((7, 200_000)), narrow)
    assert np.exp(found).mean() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("seed", range(8))
def test_of_many_titles_of_which_none_rises_none_is_listed(seed: int) -> None:
    service = Service(np.geomspace(1500, 1, 60), days=49, seed=seed)
    assert _rising(service) == []


def test_a_planted_launch_is_listed_within_days_and_alone() -> None:
    service = Service(np.array([60.0] * 30), days=63, raised={7: (59, 6.0)})
    [rise] = _rising(service)
    assert rise.title == 7
    assert 58 <= rise.since <= 61
    assert rise.low < 300
    assert rise.lift > 100
    assert rise.low <= rise.lift <= rise.high


def test_what_fell_is_not_listed() -> None:
    service = Service(np.array([400.0] * 20), days=63, raised={7: (55, 0.1)})
    assert _rising(service) == []


def test_a_forecast_that_was_always_too_sure_of_itself_does_not_alarm() -> None:
    chance = np.random.default_rng(13)
    calm, loud = (spread * chance.standard_normal((84, 50)) for spread in (1.0, 3.0))
    rise = np.zeros((28, 50))
    rise[-6:] = 3.0
    assert len(alarms(evidence(np.concatenate([calm, rise]), CONFIG)[0], CONFIG.false_discoveries)) == 50
    assert not len(alarms(evidence(np.concatenate([loud, rise]), CONFIG)[0], CONFIG.false_discoveries))


def test_one_loud_day_is_no_rise_and_two_are() -> None:
    days = np.random.default_rng(14).standard_normal((56, 100))
    days[-1, 3] = 80.0
    assert not len(alarms(evidence(days, CONFIG)[0], CONFIG.false_discoveries))
    days[-2, 3] = 80.0
    assert alarms(evidence(days, CONFIG)[0], CONFIG.false_discoveries).tolist() == [3]


def test_days_without_counts_say_nothing() -> None:
    found, _ = evidence(np.full((30, 4), np.nan), CONFIG)
    assert found == pytest.approx(0.0)
    assert not len(alarms(found, CONFIG.false_discoveries))
    assert _rising(Service(np.array([5.0]), days=1)) == []


def _rising(service: Service) -> list[Rise]:
    known = known_of(service.panel(), (), CONFIG)
    return rising(known.panel, known.factors, known.launched[0], CONFIG)
