"""Rolling origins: nothing of the future is seen, the better way is champion, and coverage is told as it is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast_world import Service

from media_privacy_pipeline.models.forecast.backtest import groups_of, origins_of, scores, trials
from media_privacy_pipeline.models.forecast.candidates import FALLBACK, NAIVE
from media_privacy_pipeline.models.forecast.config import ForecastConfig

CONFIG = ForecastConfig()


@pytest.mark.parametrize(("length", "origins"), [(1, 0), (20, 0), (21, 1), (26, 6), (33, 6), (77, 6), (182, 6)])
def test_there_are_as_many_origins_as_history_allows(length: int, origins: int) -> None:
    found = origins_of(length, CONFIG)
    assert len(found) == origins
    assert all(CONFIG.least_history <= each <= length - 7 for each in found)


def test_an_origin_sees_nothing_of_what_came_after_it() -> None:
    panel = Service(np.geomspace(500, 20, 30), days=40).panel()
    changed = panel.counts.copy()
    changed[origins_of(40, CONFIG)[0] :] *= 7
    first, other = (trials(each, (), CONFIG)[FALLBACK][0] for each in (panel, replace(panel, counts=changed)))
    assert first.actual - first.error == pytest.approx(other.actual - other.error)


def test_the_champion_has_the_least_error_of_its_group_and_beats_last_week() -> None:
    told = scores(trials(Service(np.geomspace(3000, 3, 80)).panel(), (), CONFIG), CONFIG)
    groups = {score.group for score in told}
    assert {"clear", "faint", "lost in noise"} <= groups
    for group in groups:
        own = [score for score in told if score.group == group]
        [champion] = [score for score in own if score.champion]
        naive = next(score for score in own if score.model == NAIVE)
        assert champion.reason
        assert champion.wape is not None
        assert naive.wape is not None
        assert champion.mase is not None
        assert champion.wape <= 1.01 * min(score.wape for score in own if score.wape is not None)
        assert champion.wape < naive.wape
        assert champion.mase < 1
        assert champion.coverage == pytest.approx(CONFIG.interval, abs=0.04)


def test_where_the_next_week_is_the_last_one_again_its_repetition_is_champion() -> None:
    panel = Service(np.full(40, 300.0), days=56, noise=0.0).panel()
    chance = np.random.default_rng(2)
    week = chance.uniform(50, 5000, (7, 40))
    told = scores(trials(replace(panel, counts=np.tile(week, (8, 1)), noise=np.zeros(56)), (), CONFIG), CONFIG)
    assert {score.model for score in told if score.champion} == {NAIVE}


def test_groups_tell_what_stands_out_of_the_noise() -> None:
    service = Service(np.array([1000.0, 30.0, 0.0, 500.0]), released={3: 60})
    assert groups_of(service.panel(), CONFIG).tolist() == ["clear", "faint", "lost in noise", "new"]
