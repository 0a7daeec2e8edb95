"""Noisy sums of account vectors: clipped, charged once a part, the same bytes for ever."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.privacy import BudgetLedger, Desk, part_sigma, release_vector
from media_privacy_pipeline.privacy.vector import bounded_rows
from media_privacy_pipeline.release_policy import Budget, VectorStatement

STATEMENT = VectorStatement(title="Centres", norm=1.0, resolution=1024, parts=2, mu=1.0)
DAY = date(2026, 3, 1)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    budget = Budget(unit="account", days=365, epsilon=50, delta=1e-9)
    return Desk(BudgetLedger(f"sqlite:///{tmp_path}/ledger.sqlite", budget), tmp_path / "releases")


def _release(desk: Desk, rows: np.ndarray, part: int = 0) -> np.ndarray:
    return release_vector(desk, "centres", STATEMENT, rows, partition="2026-03", part=part, day=DAY)


@given(arrays(np.float64, (5, 3), elements=st.floats(-1e6, 1e6)))
def test_no_row_is_longer_than_the_declared_norm(rows: np.ndarray) -> None:
    steps = bounded_rows(rows, STATEMENT)
    assert ((steps * steps).sum(axis=1) <= 1024**2).all()


def test_sums_are_within_seven_scales_of_the_truth(desk: Desk) -> None:
    rows = np.full((1000, 4), 0.5)
    # A false alarm has probability 4 x 2.6e-12.
    assert np.abs(_release(desk, rows) - 500).max() < 7 * part_sigma(STATEMENT) + 1


def test_a_part_is_paid_once_and_returns_the_same_sums_whatever_changed(desk: Desk) -> None:
    first = _release(desk, np.ones((10, 4)) / 2)
    again = _release(desk, np.zeros((3, 4)))
    assert (first == again).all()
    assert len(desk.ledger.charges()) == 1


def test_parts_of_a_period_cost_what_the_statement_says(desk: Desk) -> None:
    for part in range(2):
        _release(desk, np.zeros((10, 4)), part)
    assert 0.99 < desk.ledger.year_mu(DAY) <= 1.0


@pytest.mark.parametrize("rows", [np.full((2, 2), np.nan), np.zeros(3), np.zeros((3, 0))])
def test_a_matrix_that_cannot_be_bounded_is_refused_unpaid(desk: Desk, rows: np.ndarray) -> None:
    with pytest.raises(UsageError, match="finite"):
        _release(desk, rows)
    assert desk.ledger.charges() == []


def test_a_part_that_nobody_declared_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="part 2"):
        _release(desk, np.zeros((1, 1)), part=2)
