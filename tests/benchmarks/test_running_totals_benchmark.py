"""Independent weeks are the best known way to running totals for the account-year; formulas and draws agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from benchmarks.running_totals import factors, main, measured, variances


@pytest.mark.parametrize("periods", [1, 4, 13, 53])
def test_each_way_gives_the_totals_and_costs_the_same(periods: int) -> None:
    for back, out in factors(periods).values():
        assert back @ out == pytest.approx(np.tril(np.ones((periods, periods))))
        assert out.min() >= 0
        assert np.linalg.norm(out.sum(axis=1)) == pytest.approx(1)


@given(arrays(float, (13, 3), elements=st.floats(-1, 1)))
def test_no_account_of_length_1_in_every_week_moves_what_gets_noise_by_more_than_1(weeks: np.ndarray) -> None:
    lengths = np.linalg.norm(weeks, axis=1, keepdims=True)
    bounded = weeks / np.maximum(lengths, 1)
    for _, out in factors(13).values():
        assert np.linalg.norm(out @ bounded) <= 1 + 1e-9


def test_independent_weeks_are_best_in_every_week_and_at_the_end_none_can_be_better() -> None:
    found = variances(53)
    assert all((found["independent"] <= found[other] + 1e-9).all() for other in ("tree", "square_root"))
    # Proved in docs/privacy-proofs.md: an account of length 1 in each of 53 weeks moves the total by 53.
    assert found["independent"][-1] == pytest.approx(53**2)


def test_draws_agree_with_the_formulas() -> None:
    exact, found = variances(53), measured(53)
    for name, values in exact.items():
        # A mean of 20,000 squares is within 6 % of its variance but for a probability under 1e-8.
        assert found[name] == pytest.approx(values, rel=0.06)


def test_it_is_told_as_a_table_and_the_proofs_have_its_figures(capsys: pytest.CaptureFixture[str]) -> None:
    main([])
    proofs = (Path(__file__).parents[2] / "docs" / "privacy-proofs.md").read_text()
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 5
    # The last column is what was drawn, and only as exact as the draws.
    assert all(row.rpartition("|")[0].rpartition("|")[0] in proofs for row in rows)
