"""Ratios of measures: between what the clips allow, and covered by their intervals at 95 %."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from media_privacy_pipeline.privacy.contributions import BoundedSums
from media_privacy_pipeline.privacy.estimate import measures_of
from media_privacy_pipeline.privacy.ratios import Covariance, fieller
from media_privacy_pipeline.privacy.release import noisy
from media_privacy_pipeline.release_policy import TableStatement
from media_privacy_pipeline.release_shapes import Ratio

CELLS = pa.table({"device": [f"d{n}" for n in range(600)]})


@pytest.fixture
def with_ratios(statement: TableStatement) -> TableStatement:
    ratios = {
        "minutes_a_play": Ratio(of="hours", over="plays", per=60),
        "plays_a_viewer": Ratio(of="plays", over="viewers"),
        "minutes_a_viewer": Ratio(of="hours", over="viewers", per=60),
    }
    return TableStatement.model_validate({**statement.model_dump(), "ratios": ratios})


def test_ratios_cover_and_stay_within_the_clips(with_ratios: TableStatement) -> None:
    rng = np.random.default_rng(5)
    viewers = np.repeat([0, 3, 40, 500, 3000, 20000], 100)
    # Every viewer plays 1.5 times, for 2,000 seconds in all; sums are around 2 plays and 3,600 seconds.
    values = np.stack([viewers * 64, viewers * -32, viewers * 64 * (2000 - 3600)])
    sums = BoundedSums(values, np.array([64 * viewers.sum(), 0]))
    true = {"minutes_a_play": 2000 / 1.5 / 60, "plays_a_viewer": 1.5, "minutes_a_viewer": 2000 / 60}
    most = {"minutes_a_play": 120, "plays_a_viewer": 3, "minutes_a_viewer": 120}
    covered: dict[str, list[np.ndarray]] = {name: [] for name in true}

    def noise(column: np.ndarray, sigma: int) -> np.ndarray:
        return column + np.rint(rng.normal(0, sigma, column.shape)).astype(np.int64)

    for _ in range(40):
        drawn = noisy(with_ratios, sums, noise)
        rows = measures_of(with_ratios, CELLS, drawn.values, drawn.totals)
        for name, expected in true.items():
            value, low, high = (rows[name + part].to_numpy() for part in ("", "_low", "_high"))
            assert ((low <= value) & (value <= high) & (low >= 0) & (high <= most[name])).all()
            covered[name].append((low <= expected) & (expected <= high))
    for name, found in covered.items():
        by_size = np.mean(found, axis=0).reshape(6, 100)[1:].mean(axis=1)
        # 4,000 intervals of 95 %: below .935 or, for large cells, above .966 has p < 1e-5 (15 of them).
        assert by_size.min() > 0.935, name
        assert by_size[-2] < 0.966, name


def test_what_drowns_in_noise_claims_nothing() -> None:
    found = fieller(np.array([5.0, 5, -5]), np.array([1.0, -9, -9]), Covariance(1.0, 1.0, 0.0), 0, 3)
    assert found.low.tolist() == [0, 0, 0]
    assert found.high.tolist() == [3, 3, 3]


def test_the_interval_is_every_ratio_that_a_test_accepts() -> None:
    noise = Covariance(4.0, 9.0, 3.0)
    found = fieller(np.array([30.0]), np.array([40.0]), noise, 0, 10)
    for end in (found.low.item(), found.high.item()):
        assert abs(30 - 40 * end) == pytest.approx(1.959964 * np.sqrt(4 - 6 * end + 9 * end**2), rel=1e-5)


def test_intervals_stay_as_narrow_as_they_are_at_any_size() -> None:
    found = fieller(np.array([5e13]), np.array([1e14]), Covariance(1e4, 1e4, 0.0), 0, 3)
    assert found.high - found.low == pytest.approx(2 * 1.959964 * 100 * np.sqrt(1.25) / 1e14, rel=0.01)
