"""Two worlds, without and with one account: can anybody tell which one a release was made of, better than promised?"""

from __future__ import annotations

from math import log

import numpy as np

from ..privacy.accountant import delta_of, epsilon_of
from ..privacy.contributions import BoundedSums
from ..privacy.noise import Noise
from ..privacy.release import noisy
from ..release_policy import TableStatement
from . import declared
from .drawn import Drawing, Floats
from .finding import Finding

_DRAWS = 100_000
_DELTAS = (1e-6, 1e-3)
_FRACTIONS = (0.0, 0.5, 1.0, 2.0)
ERROR = 0.01


def check_two_worlds(
    name: str, statement: TableStatement, noise: Noise, draws: int = _DRAWS, drawing: Drawing = noisy
) -> Finding:
    """Guess from all noisy sums together whether an account at every bound is in them: no better than promised.

    `draws` of each world; the guess is the likelihood ratio against e^epsilon, the best there is, both that the account
    is in and that it is not. Clopper-Pearson at 99 % over all guesses together: at several (epsilon, delta) that the
    statement claims, the epsilon that the guesses prove is held to the claimed one. The finding is the one that comes
    out furthest above its claim, or else the largest that was proven. Confirmed by guessing anew: a false alarm has a
    probability under 1e-4 a table.
    """
    finding = _guess(name, statement, noise, draws, drawing)
    return finding if finding.passed else _guess(name, statement, noise, draws, drawing)


def claims(mu: float) -> list[tuple[float, float]]:
    """(epsilon, delta) of a release of cost mu: at small deltas, and at those where so many draws can tell the most."""
    near = [(fraction * mu, delta_of(mu, fraction * mu)) for fraction in _FRACTIONS]
    return [*near, *((epsilon_of(mu, delta), delta) for delta in _DELTAS)]


def _guess(name: str, statement: TableStatement, noise: Noise, draws: int, drawing: Drawing) -> Finding:
    without, with_it = (_evidence(statement, noise, draws, drawing, present) for present in (False, True))
    pairs = claims(statement.mu)
    error = ERROR / (4 * len(pairs))
    found = []
    for claim, delta in pairs:
        is_in = proven((with_it > claim).sum(), (without > claim).sum(), draws, delta, error)
        is_out = proven((without < -claim).sum(), (with_it < -claim).sum(), draws, delta, error)
        found.append((max(is_in, is_out), claim))
    above = [pair for pair in found if pair[0] > pair[1]]
    low, claim = max(above, key=lambda pair: pair[0] - pair[1]) if above else max(found)
    return Finding("two_worlds", name, low, low, max(low, claim), claim, passed=not above)


def _evidence(statement: TableStatement, noise: Noise, draws: int, drawing: Drawing, present: bool) -> Floats:
    """Logarithm of the likelihood ratio of each draw, with over without, by the declared scales."""
    over_cells = declared.over_cells(statement)
    moved = [int(limit) for limit, _ in over_cells]
    totals = declared.worst_totals(statement)
    at = np.array([*moved, *totals], np.int64)
    sums = np.repeat((at if present else 0 * at)[:, None], draws, axis=1)
    drawn = drawing(statement, BoundedSums(sums[: len(moved)], sums[len(moved) :]), noise)
    sigma = [scale for _, scale in over_cells]
    variances = np.array([*sigma, *[declared.totals_sigma(statement)] * len(totals)]) ** 2
    rows: Floats = np.vstack([drawn.values, drawn.totals]).astype(np.float64)
    evidence: Floats = (at / variances) @ rows - float((at**2 / variances).sum()) / 2
    return evidence


def proven(hits: int, false: int, draws: int, delta: float, error: float) -> float:
    """The epsilon that so many right and wrong guesses prove at a delta, each bound wrong with chance `error`."""
    from scipy.stats import beta

    least = float(beta.ppf(error, hits, draws - hits + 1)) if hits else 0.0
    most = float(beta.ppf(1 - error, false + 1, draws - false)) if false < draws else 1.0
    return max(0.0, log((least - delta) / most)) if least > delta else 0.0
