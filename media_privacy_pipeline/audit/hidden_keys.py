"""Does what one account alone has stay hidden? Derived anew from the statement's words, and seen on planted counts."""

from __future__ import annotations

from collections.abc import Callable
from math import expm1, isqrt, log1p
from typing import TypeAlias

import numpy as np
import pyarrow as pa

from ..privacy.contributions import BoundedSums
from ..privacy.mechanism import mechanism_of
from ..privacy.unknown_keys import told
from ..release_policy import TableStatement
from . import declared
from .finding import Finding, exact

Telling: TypeAlias = Callable[[TableStatement, pa.Table, BoundedSums], tuple[pa.Table, BoundedSums]]

_TOLERANCE = 1.01
"""The normal law stands for the discrete one here: they agree to a thousandth where it matters, and a threshold that is
lower by a tenth of sigma tells more by a third."""


def check_hidden_keys(name: str, statement: TableStatement, telling: Telling = told) -> Finding:
    """How probably a lone account is told of, at its worst, as a fraction of threshold_delta; the limit is 1.01.

    The threshold is found by trying: the least count that is told without noise. Exact, hence without false alarms.
    """
    counts = next(measure for measure, words in statement.measures.items() if words.of is None)
    threshold = _least_told(statement, list(statement.measures).index(counts), telling)
    # Wider noise than declared is no breach of a bound, and tells of lone accounts more often.
    drawn = next(part.sigma for part in mechanism_of(statement).sums if part.name == counts)
    sigma = max(drawn, declared.sigma(statement, counts))
    most = max(_told(threshold - weight, sigma, cells) for weight, cells in _lone(statement))
    return exact("hidden_keys", name, most / (statement.threshold_delta or 1.0), _TOLERANCE)


def _least_told(statement: TableStatement, counted: int, telling: Telling) -> int:
    around = np.arange(0, 2 * max(1, mechanism_of(statement).threshold), dtype=np.int64)
    values = np.zeros((len(statement.measures), around.size), np.int64)
    values[counted] = around
    cells = pa.table({key: pa.array([str(n) for n in around], pa.string()) for key in statement.cells})
    shown, _ = telling(statement, cells, BoundedSums(values, np.zeros(2, np.int64)))
    return int(shown.column(0)[0].as_py()) if shown.num_rows else around.size


def _lone(statement: TableStatement) -> list[tuple[int, int]]:
    """Each weight (64ths) that an account's cells can have, with each number of cells that has it."""
    m, most = statement.squared_norm, statement.most_cells
    if statement.bounding == "sample":
        return [(64, cells) for cells in range(1, m + 1)]
    sizes = range(1, 1 + isqrt(64**2 * m * most))
    return [(min(64, isqrt(64**2 * m // k), isqrt(64**2 * m * most // k**2)), k) for k in sizes]


def _told(distance: int, sigma: float, cells: int) -> float:
    """Probability that one of so many noises of scale sigma reaches a distance."""
    from scipy.stats import norm

    return -expm1(cells * log1p(-float(norm.sf((distance - 0.5) / sigma))))
