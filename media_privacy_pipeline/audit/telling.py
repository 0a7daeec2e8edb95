"""Keys that are not known beforehand: how often is what one account alone has told, by the noise that is drawn?"""

from __future__ import annotations

from math import expm1, log1p

import numpy as np
import pyarrow as pa

from ..privacy.contributions import BoundedSums
from ..privacy.mechanism import mechanism_of, weights_of
from ..privacy.noise import Noise
from ..privacy.release import noisy
from ..privacy.unknown_keys import told
from ..release_policy import TableStatement
from . import declared
from .finding import Finding
from .hidden_keys import Telling

_DRAWS = 4_000_000
_DELTA = 1e-3
_ERROR = 0.01


def _told_of(statement: TableStatement, threshold: int) -> dict[tuple[int, int], float]:
    """By (cells, weight in 64ths) of a lone account: the probability that any of its cells reaches a threshold."""
    from scipy.stats import norm

    sigma = np.ceil(declared.sigma(statement, str(mechanism_of(statement).counts)))
    table = weights_of(statement)
    found = {}
    for weight, kept in zip(table["weight"].to_pylist(), table["kept"].to_pylist(), strict=True):
        tail = float(norm.sf((threshold - 0.5 - weight) / sigma))
        found[(kept // weight, weight)] = -expm1(kept // weight * log1p(-tail))
    return found


def check_telling(
    name: str, statement: TableStatement, noise: Noise, draws: int = _DRAWS, telling: Telling = told
) -> Finding:
    """How often any cell of a lone account is told when a thousandth is promised: by the real noise and telling.

    What is promised for real is too rare to be seen. `draws` of noise for an account with one cell, and for the
    account that is told most easily. Clopper-Pearson at 99 % over both together; confirmed by drawing anew, so that a
    false alarm has a probability under 1e-4 a table.
    """
    often = statement.model_copy(update={"threshold_delta": _DELTA})
    low = _told_share(often, noise, draws, telling)
    if low > _DELTA:
        low = min(low, _told_share(often, noise, draws, telling))
    return Finding("telling", name, low, low, max(low, _DELTA), _DELTA, low <= _DELTA)


def _told_share(statement: TableStatement, noise: Noise, draws: int, telling: Telling) -> float:
    """The largest lower end of the share of lone accounts of which something is told."""
    from scipy.stats import beta

    mechanism = mechanism_of(statement)
    chances = _told_of(statement, mechanism.threshold)
    cases = {min(chances), max(chances, key=lambda case: chances[case])}
    lows = []
    for cells, weight in sorted(cases):
        accounts = max(1, draws // cells)
        sums = np.zeros((len(statement.measures), accounts * cells), np.int64)
        sums[mechanism.counts_place] = weight
        drawn = noisy(statement, BoundedSums(sums, np.zeros(2, np.int64)), noise)
        shown, _ = telling(statement, pa.table({"account": np.repeat(np.arange(accounts), cells)}), drawn)
        seen = len(set(shown["account"].to_pylist()))
        lows.append(float(beta.ppf(_ERROR / len(cases), seen, accounts - seen + 1)) if seen else 0.0)
    return max(lows)
