"""Two sums that a training starts with: noisy counts of titles, and one noisy matrix of what is watched together.

Both are whole numbers with a bound on what one account moves them by. An account of n viewers has its bound split among
them in n equal parts.
"""

from __future__ import annotations

import numpy as np

from ...privacy.noise import Integers
from ..interactions import Floats, Interactions, Ints
from .accounting import COUNT_STEPS, GRAM_STEPS, Symmetric, noise_edge
from .config import PrivateAlsConfig, PrivatePopularityConfig

_MARGIN = 1 - 1e-9


def title_counts(
    histories: Interactions, config: PrivateAlsConfig | PrivatePopularityConfig, profiles: Ints | None = None
) -> Integers:
    """Viewers of each title in COUNT_STEPS, shape (titles,), int64.

    A viewer of more than `counted_titles` (k) of them counts for sqrt(k / titles) of each, so that an account moves the
    counts by sqrt(k) COUNT_STEPS in L2 at most.
    """
    lengths, shared = np.maximum(histories.lengths, 1), _shared(histories, profiles)
    each = np.sqrt(np.minimum(1.0, config.counted_titles / lengths)) / shared
    steps: Integers = np.floor(each * COUNT_STEPS * _MARGIN).astype(np.int64)
    counts = np.zeros(len(histories.titles), np.int64)
    np.add.at(counts, histories.columns, steps[histories.rows])
    return counts


def watched_together(histories: Interactions, weights_by_title: Floats, profiles: Ints | None = None) -> Integers:
    """Sum over viewers of x xᵀ, shape (titles, titles), int64, in steps of 1 / GRAM_STEPS².

    x has the weights of the viewer's titles, scaled to a length of one: an account moves the matrix by GRAM_STEPS² in
    L2 at most, both of its triangles counted.
    """
    from scipy.sparse import csr_matrix

    rows, shared = histories.rows, _shared(histories, profiles)
    raw = weights_by_title[histories.columns].astype(np.float64)
    squares = np.bincount(rows, raw**2, minlength=len(histories)) * shared
    scale = GRAM_STEPS * _MARGIN / np.sqrt(np.where(squares > 0, squares, 1.0))
    steps: Integers = np.floor(raw * scale[rows]).astype(np.int64)
    lengths = np.zeros(len(histories), np.int64)
    np.add.at(lengths, rows, steps * steps)
    if (lengths * shared > GRAM_STEPS**2).any():
        raise AssertionError("a viewer's row is longer than its bound")
    shape = (len(histories), len(histories.titles))
    matrix = csr_matrix((steps, histories.columns, histories.starts), shape=shape)
    return np.asarray((matrix.T @ matrix).toarray(), np.int64)


def leading(noisy: Ints, scale: Symmetric, factors: int, edge: float) -> tuple[Floats, Floats]:
    """Strengths (k,) and directions (titles, k), k <= factors, of a noisy matrix that stand out of the noise.

    A strength θ shows as θ + r² / θ on a matrix whose noise reaches 2 r: sqrt(shown² - (2 r)²) is the best guess of it
    in least squares (Gavish and Donoho 2017). What does not reach `edge` times the noise is left out. In steps of one.
    """
    from scipy.linalg import eigh

    titles = len(noisy)
    reach = noise_edge(scale, titles) / GRAM_STEPS**2
    last = max(0, titles - factors)
    values, axes = eigh(noisy / GRAM_STEPS**2, subset_by_index=(last, titles - 1))
    kept = np.flatnonzero(values > edge * reach)[::-1]
    return np.sqrt(values[kept] ** 2 - reach**2), axes[:, kept]


def _shared(histories: Interactions, profiles: Ints | None) -> Ints:
    return np.ones(len(histories), np.int64) if profiles is None else profiles
