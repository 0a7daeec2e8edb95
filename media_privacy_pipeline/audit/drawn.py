"""Is the noise that is drawn the noise that was declared? Two ways to tell, on sums whose truth is known."""

from __future__ import annotations

from math import log, nextafter
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..privacy.accountant import epsilon_of
from ..privacy.contributions import BoundedSums
from ..privacy.noise import Noise
from ..privacy.release import noisy
from ..release_policy import TableStatement
from . import declared
from .finding import Finding

Floats: TypeAlias = NDArray[np.float64]

_DRAWS = 10_000
_BINS = 40
_LEAST_P = 1e-4
_DELTAS = (1e-6, 1e-3, 1e-2)
_STEPS = (0.0, 1.0, 2.0)
_ERROR = 0.01


def check_noise(name: str, statement: TableStatement, *noises: Noise) -> Finding:
    """Chi-squared of what is drawn against the declared discrete Gaussian, of 10,000 draws a measure; the worst p.

    Of every noise that is given: so many draws come from our own table, those of a few cells from OpenDP. p is
    two-sided: noise that fits too well is not noise either. A p under 1e-4 is confirmed by drawing the same noise anew
    before it counts, so that a false alarm of two noises over k measures and the totals has a probability of
    2 · ((k + 1) · 1e-4)², under 1e-6 a table of up to five measures, while a scale 10 % off gives p < 1e-9 in all but
    one of 20,000 times, even where it is that of one measure alone.
    """
    worst = min(_confirmed_p(statement, noise) for noise in noises)
    return Finding("noise_drawn", name, worst, worst, 1.0, _LEAST_P, passed=worst >= _LEAST_P)


def check_two_worlds(name: str, statement: TableStatement, noise: Noise) -> Finding:
    """Guess from the noisy sum whether an account at the bound is in it: no better than the promise allows.

    Clopper-Pearson at 99 % over all guesses together; the estimate is the epsilon that they prove, at the delta where
    it comes closest to its claim, which is the limit. Confirmed by guessing anew: under 1e-4 false alarms a table.
    """
    finding = _guess(name, statement, noise)
    return finding if finding.passed else _guess(name, statement, noise)


def _confirmed_p(statement: TableStatement, noise: Noise) -> float:
    first = _worst_p(statement, noise)
    return first if first >= _LEAST_P else max(first, _worst_p(statement, noise))


def _worst_p(statement: TableStatement, noise: Noise) -> float:
    """The least p over the measures and the totals, each against the scale that the statement's words imply."""
    empty = BoundedSums(np.zeros((len(statement.measures), _DRAWS), np.int64), np.zeros(_DRAWS, np.int64))
    drawn = noisy(statement, empty, noise)
    pairs = [(row, declared.sigma(statement, m)) for m, row in zip(statement.measures, drawn.values, strict=True)]
    p = [p_of(row.astype(np.float64), sigma) for row, sigma in pairs]
    return min(*p, p_of(drawn.totals.astype(np.float64), declared.totals_sigma(statement)))


def p_of(residuals: Floats, sigma: float) -> float:
    """Two-sided p of residuals against a discrete Gaussian of scale sigma, in equally likely bins.

    A scale is in the hundreds at least, so that a step of the distribution is far below a bin's width.
    """
    from scipy.stats import chi2, norm

    places = np.clip(norm.cdf(residuals / sigma) * _BINS, 0, nextafter(_BINS, 0)).astype(int)
    counts = np.bincount(places, minlength=_BINS)
    expected = residuals.size / _BINS
    statistic = float(((counts - expected) ** 2).sum() / expected)
    return float(2 * min(chi2.sf(statistic, _BINS - 1), chi2.cdf(statistic, _BINS - 1)))


def _guess(name: str, statement: TableStatement, noise: Noise) -> Finding:
    """One cell, without and with the account that moves it furthest, for the measure that is counted first."""
    measure = next(iter(statement.measures))
    moved = int(declared.sensitivity(statement, measure))
    without, with_it = (_first_row(statement, noise, value) for value in (0, moved))
    mu = statement.mu * statement.measures[measure].budget ** 0.5
    thresholds = moved / 2 + declared.sigma(statement, measure) * np.array(_STEPS)
    proven = [
        (_proven(without, with_it, threshold, delta), epsilon_of(mu, delta))
        for threshold in thresholds
        for delta in _DELTAS
    ]
    low, claim = max(proven, key=lambda pair: pair[0] - pair[1])
    return Finding("two_worlds", name, low, low, claim, claim, passed=low <= claim)


def _first_row(statement: TableStatement, noise: Noise, value: int) -> Floats:
    sums = BoundedSums(np.full((len(statement.measures), _DRAWS), value, np.int64), np.zeros(2, np.int64))
    row: Floats = noisy(statement, sums, noise).values[0].astype(np.float64)
    return row


def _proven(without: Floats, with_it: Floats, threshold: float, delta: float) -> float:
    """The epsilon that the guess "above the threshold: it is in" proves at a delta, at 99 % over all guesses."""
    from scipy.stats import beta

    error = _ERROR / (2 * len(_STEPS) * len(_DELTAS))
    hits, false = int((with_it > threshold).sum()), int((without > threshold).sum())
    least = float(beta.ppf(error, hits, with_it.size - hits + 1)) if hits else 0.0
    most = float(beta.ppf(1 - error, false + 1, without.size - false)) if false < without.size else 1.0
    return max(0.0, log((least - delta) / most)) if least > delta else 0.0
