"""Published measures: debiased, not negative, with intervals that cover what they say they cover."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from media_privacy_pipeline.privacy.contributions import BoundedSums
from media_privacy_pipeline.privacy.estimate import measures_of, ratio_of, shares_of
from media_privacy_pipeline.privacy.mechanism import mechanism_of
from media_privacy_pipeline.privacy.release import noisy
from media_privacy_pipeline.privacy.weights import ONE
from media_privacy_pipeline.release_policy import TableStatement

CELLS = pa.table({"device": [f"d{n}" for n in range(400)]})


def _gaussian(rng: np.random.Generator):
    """Rounded continuous noise: as good as discrete for coverage, and a hundred times faster."""
    return lambda values, sigma: values + np.rint(rng.normal(0, sigma, values.shape)).astype(np.int64)


def _sums(viewers: np.ndarray, weight: int = 40) -> BoundedSums:
    """Cells whose viewers play twice, half an hour each time, every account being cut to weight/64."""
    values = np.stack([viewers * weight, viewers * 0, viewers * weight * (1800 - 3600)])
    kept = int(values[0].sum())
    return BoundedSums(values, np.array([kept, kept * (ONE - weight) // weight]))


def test_without_noise_measures_are_the_clipped_truth(statement: TableStatement) -> None:
    viewers = np.arange(400)
    sums = _sums(viewers)
    rows = measures_of(statement, CELLS, sums.values, sums.totals)
    assert np.abs(rows["viewers"].to_numpy() - viewers).max() <= 0.51
    assert np.abs(rows["plays"].to_numpy() - 2 * viewers).max() <= 0.51
    assert np.abs(rows["hours"].to_numpy() - viewers / 2).max() <= 0.01
    assert rows.column_names[:4] == ["device", "viewers", "viewers_low", "viewers_high"]


def test_intervals_cover_at_least_what_they_promise(statement: TableStatement) -> None:
    rng = np.random.default_rng(3)
    viewers = np.r_[np.zeros(100, int), rng.integers(0, 20, 200), rng.integers(500, 5000, 100)]
    sums, covered = _sums(viewers), []
    truth = {"viewers": viewers, "plays": 2 * viewers, "hours": viewers / 2}
    for _ in range(50):
        drawn = noisy(statement, sums, _gaussian(rng))
        rows = measures_of(statement, CELLS, drawn.values, drawn.totals)
        for name, true in truth.items():
            low, high = rows[f"{name}_low"].to_numpy(), rows[f"{name}_high"].to_numpy()
            covered.append(((low <= true) & (true <= high)).mean())
            assert (low <= rows[name].to_numpy()).all()
            assert (rows[name].to_numpy() <= high).all()
            assert low.min() >= 0
    # 60,000 intervals, those of one draw dependent through the ratio; below .945 has a probability under 1e-9.
    assert np.mean(covered) > 0.95 - 0.005


def test_the_ratio_stays_where_it_must_be_whatever_the_noise(statement: TableStatement) -> None:
    mechanism = mechanism_of(statement)
    for totals in ([0, 0], [-900, 10**6], [10**7, -900], [10**7, 10**9], [-(10**7), -(10**7)]):
        ratio = ratio_of(mechanism, np.array(totals))
        assert 1 <= ratio.low <= ratio.value <= ratio.high <= mechanism.largest_ratio


def test_the_ratio_of_a_large_service_is_known_well(statement: TableStatement) -> None:
    ratio = ratio_of(mechanism_of(statement), np.array([10**10, 6 * 10**9]))
    assert ratio.low <= 1.6 <= ratio.high
    assert 0 < ratio.high - ratio.low < 1e-5


def test_shares_add_up_and_cover(statement: TableStatement) -> None:
    rng = np.random.default_rng(4)
    true = np.array([5000, 3000, 1500, 400, 100, 0.0])
    covered = []
    for _ in range(300):
        share = shares_of(true + rng.normal(0, 200, 6), 200)
        assert share.value.sum() == pytest.approx(1, abs=0.05)
        covered.append((share.low <= true / 1e4) & (true / 1e4 <= share.high))
    # 1,800 intervals of 95 % or more: a share below .92 has a probability under 1e-6.
    assert np.mean(covered) > 0.92


def test_shares_of_nothing_but_noise_claim_nothing() -> None:
    share = shares_of(np.array([-5.0, -3, -1]), 10)
    assert share.value.tolist() == pytest.approx([1 / 3] * 3)
    assert (share.high - share.low).min() > 0.5
