"""Is the noise that is drawn the noise that was declared? Goodness of fit, on sums whose truth is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..privacy.contributions import BoundedSums
from ..privacy.noise import Noise
from ..privacy.release import noisy
from ..release_policy import TableStatement
from . import declared
from .finding import Finding

Floats: TypeAlias = NDArray[np.float64]

Drawing: TypeAlias = Callable[[TableStatement, BoundedSums, Noise], BoundedSums]
"""What puts a statement's noise on its sums; `noisy`, but for mutants."""

_DRAWS = 10_000
_BINS = 40
_LEAST_P = 1e-4


def check_noise(
    name: str,
    statement: TableStatement,
    *noises: Noise,
    draws: int = _DRAWS,
    drawing: Drawing = noisy,
    check: str = "noise_drawn",
) -> Finding:
    """Chi-squared of what is drawn against the declared discrete Gaussian, `draws` of each sum; the worst p.

    Of every noise that is given. p is two-sided: noise that fits too well is not noise either. A p under 1e-4 is
    confirmed by drawing the same noise anew before it counts, so that a false alarm of one noise over k vectors (one a
    measure, and one of what was cut where that is paid for) and two totals has a probability of ((k + 1) · 1e-4)² at
    most: under 4e-7 a table of up to five vectors. What a wrong scale gives is in docs/audits.md.
    """
    worst = min(_confirmed_p(statement, noise, draws, drawing) for noise in noises)
    return Finding(check, name, worst, worst, 1.0, _LEAST_P, passed=worst >= _LEAST_P)


def _confirmed_p(statement: TableStatement, noise: Noise, draws: int, drawing: Drawing) -> float:
    first = _worst_p(statement, noise, draws, drawing)
    return first if first >= _LEAST_P else max(first, _worst_p(statement, noise, draws, drawing))


def _worst_p(statement: TableStatement, noise: Noise, draws: int, drawing: Drawing) -> float:
    """The least p over the vectors and the totals, each against the scale that the statement's words imply."""
    scales = [sigma for _, sigma in declared.over_cells(statement)]
    empty = BoundedSums(np.zeros((len(scales), draws), np.int64), np.zeros(draws, np.int64))
    drawn = drawing(statement, empty, noise)
    pairs = list(zip(drawn.values, scales, strict=True))
    return min(p_of(row, sigma) for row, sigma in [*pairs, (drawn.totals, declared.totals_sigma(statement))])


def p_of(residuals: NDArray[np.int64], sigma: float) -> float:
    """Two-sided p of whole residuals against a discrete Gaussian of scale sigma, in bins of about equal chance."""
    from scipy.stats import chi2, norm

    edges = np.unique(np.round(sigma * norm.ppf(np.arange(1, _BINS) / _BINS)).astype(np.int64))
    # Bins end at whole numbers: the half beyond them is theirs, or the bins' chances would be off by 1 / sigma.
    chances = np.diff(norm.cdf((edges + 0.5) / sigma), prepend=0.0, append=1.0)
    counts = np.bincount(np.searchsorted(edges, residuals), minlength=chances.size)
    expected = residuals.size * chances
    statistic = float(((counts - expected) ** 2 / expected).sum())
    freedom = chances.size - 1
    return float(2 * min(chi2.sf(statistic, freedom), chi2.cdf(statistic, freedom)))
