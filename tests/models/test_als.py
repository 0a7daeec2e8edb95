"""The alternating least squares: it reaches the least of its loss, and what diverges is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.recommenders.als import factorise
from media_privacy_pipeline.models.recommenders.config import IalsConfig
from media_privacy_pipeline.models.recommenders.ials import Ials


def watched(seed: int = 3) -> csr_matrix:
    random = np.random.default_rng(seed)
    tastes = random.random((60, 3)) @ random.random((3, 40))
    weights = np.where(tastes > 0.9, random.uniform(0.5, 4, tastes.shape), 0)
    weights[7], weights[:, 9] = 0, 0
    return csr_matrix(weights.astype(np.float32))


def loss(weights: np.ndarray, x: np.ndarray, y: np.ndarray, config: IalsConfig) -> float:
    """As Rendle et al. 2021 write it, cell by cell."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    scores = x @ y.T
    fit = (weights * (1 - scores) ** 2).sum() + config.unobserved * (scores**2).sum()
    on_x = (weights.sum(axis=1) + config.unobserved * weights.shape[1]) ** config.frequency
    on_y = (weights.sum(axis=0) + config.unobserved * weights.shape[0]) ** config.frequency
    lengths = (on_x * (x**2).sum(axis=1)).sum() + (on_y * (y**2).sum(axis=1)).sum()
    return float(fit + config.regularisation * lengths)


@pytest.mark.parametrize("frequency", [0.0, 0.5, 1.0])
def test_no_small_step_from_where_it_ends_lowers_the_loss(frequency: float) -> None:
    config = IalsConfig(factors=3, regularisation=0.05, unobserved=0.2, frequency=frequency, iterations=60)
    matrix = watched()
    x, y = factorise(matrix, config)
    weights, random = matrix.toarray().astype(np.float64), np.random.default_rng(1)
    ends = loss(weights, x, y, config)
    assert np.abs(y).max() > 0.1
    for _ in range(20):
        step_x, step_y = (random.normal(0, 0.02, side.shape) for side in (x, y))
        assert loss(weights, x + step_x, y + step_y, config) > ends
    # The gradient in both directions of one side is flat: a step and its opposite cost alike.
    for step in (random.normal(0, 0.001, y.shape) for _ in range(10)):
        there, back = (loss(weights, x, y + sign * step, config) - ends for sign in (1, -1))
        assert abs(there - back) < 0.02 * (there + back)


def test_as_many_steps_as_factors_solve_a_side_exactly() -> None:
    config = IalsConfig(factors=3, regularisation=0.05, unobserved=0.2, iterations=1, steps=3)
    matrix = watched()
    x, y = (side.astype(np.float64) for side in factorise(matrix, config))
    weights = matrix.toarray().astype(np.float64)
    for n in range(weights.shape[1]):
        ridge = 0.05 * (weights[:, n].sum() + 0.2 * len(x))
        left = x.T @ ((weights[:, n] + 0.2)[:, None] * x) + ridge * np.eye(3)
        assert y[n] == pytest.approx(np.linalg.solve(left, x.T @ weights[:, n]), abs=2e-4)


def test_who_watched_nothing_and_what_nobody_watched_have_no_vector() -> None:
    x, y = factorise(watched(), IalsConfig(factors=3))
    assert not x[7].any()
    assert not y[9].any()
    assert x.any(axis=1).sum() == np.count_nonzero(watched().sum(axis=1)) > 30


def test_a_training_that_diverges_is_refused() -> None:
    endless = Interactions.of(["a", "a", "b"], ["s", "t", "t"], np.full(3, 3e38))
    with pytest.raises(Refused, match="diverged; the champion stays"):
        Ials(IalsConfig(factors=2, confidence="given")).fit(endless)
