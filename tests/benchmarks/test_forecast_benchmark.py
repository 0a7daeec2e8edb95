"""The benchmark of forecasts holds what was forecast to what was true, and knows titles with history."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.forecast import figures, looked, with_history
from benchmarks.forecast_data import Series, packaged_noise, simulated


@pytest.fixture(scope="module")
def series() -> Series:
    return simulated(days=126, titles=30, audience=9_000, noise=packaged_noise(), seed=2)


def test_forecasts_are_nearer_to_what_comes_than_the_last_week_is(series: Series) -> None:
    found, use = looked(series), with_history(series)
    for true in (False, True):
        told = figures(found, use, true=true)
        assert float(str(told["better"])) > 0.7
        assert float(str(told["MASE"])) < float(str(told["MASE of last week again"]))
        assert 0.8 < float(str(told["inside 90 %"])) < 0.97


def test_titles_that_came_late_or_are_watched_no_more_are_not_compared(series: Series) -> None:
    use = with_history(series)
    late = series.panel.launched > len(series.panel) - 120
    assert late.any()
    assert not (use & late).any()
    gone = Series(series.panel, np.zeros_like(series.true), series.holidays)
    assert not with_history(gone).any()


def test_its_noise_is_what_the_forecasts_read_back(series: Series) -> None:
    assert series.panel.noise.mean() == pytest.approx(packaged_noise(), rel=0.03)
