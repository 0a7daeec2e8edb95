"""What viewers add to the sums that titles are solved from, in whole numbers, and what one account can move them by.

For titles' factors V a viewer's vector u is solved exactly, cut to length c and put on a grid of c / CLIP_STEPS. With
whole weights W (in 1 / WEIGHT_STEPS) of its titles i the viewer adds

    gram  W0 u uᵀ        systems  W_i u uᵀ for each title i        rights  W_i u for each title i

All of these are whole numbers, so that sums are exact in whatever order and by whatever part they are made, and noise
is drawn on integers: no float of a viewer ever meets it. What is rounded is rounded towards zero, before the bounds.

With n viewers in an account, each has W0 = WEIGHT_STEPS / n and squared W adding up to B (WEIGHT_STEPS / n)² at most,
so that by the triangle inequality the account moves, in L2 (symmetric matrices counted whole),

    gram  WEIGHT_STEPS · CLIP_STEPS²      systems  √B times that      rights  √B · WEIGHT_STEPS · CLIP_STEPS
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor

import numpy as np

from ...errors import UsageError
from ...privacy.noise import Integers
from ..blas import one_thread
from ..interactions import Floats, Interactions, Ints
from ..recommenders.foldin import ItemSpace, batches, fold_in
from .config import PrivateAlsConfig

CLIP_STEPS = 1024
"""Steps in the length c of a viewer's vector."""
WEIGHT_STEPS = 256
"""Steps in a weight of one."""
_MARGIN = 1 - 1e-9
"""Lengths and weights are cut to this fraction of their bounds, so that rounding of floats cannot lift one above."""
_BLOCK = 20_000
"""Viewers whose sums are exact in double precision at a time, with room to spare (below 2^53)."""


@dataclass(frozen=True)
class Statistics:
    """Sums over viewers, int64: `gram` (p,), `systems` (titles, p) and `rights` (titles, d).

    Symmetric matrices are kept as their upper triangle, row by row: p = d (d + 1) / 2.
    """

    gram: Integers
    systems: Integers
    rights: Integers

    def __add__(self, other: Statistics) -> Statistics:
        return Statistics(self.gram + other.gram, self.systems + other.systems, self.rights + other.rights)

    @classmethod
    def zeros(cls, titles: int, factors: int) -> Statistics:
        """Of no viewers."""
        packed = factors * (factors + 1) // 2
        return cls(*(np.zeros(shape, np.int64) for shape in ((packed,), (titles, packed), (titles, factors))))


@dataclass(frozen=True)
class Sensitivities:
    """The most that one account moves each sum by, in L2 over all of it and in the sum's own steps. Cells off the
    diagonal of a symmetric matrix count twice."""

    gram: float
    systems: float
    rights: float


def sensitivities(config: PrivateAlsConfig) -> Sensitivities:
    """Bounds that hold whatever the data are; see the module."""
    spread = config.squared_weights**0.5 * WEIGHT_STEPS
    return Sensitivities(WEIGHT_STEPS * CLIP_STEPS**2, spread * CLIP_STEPS**2, spread * CLIP_STEPS)


def statistics(
    histories: Interactions,
    item_factors: Floats,
    config: PrivateAlsConfig,
    weights_by_title: Floats,
    profiles: Ints | None = None,
) -> Statistics:
    """Sums over the viewers of `histories`, whose titles are those of `item_factors` (titles, d), row by row.

    A pure function of each viewer alone, added up: blocks of viewers may be summed apart. `weights_by_title` (titles,)
    are from noisy counts; `profiles` says for each viewer how many viewers its account has (1 where not given).
    Raises UsageError for factors or weights that are not finite numbers or not of these titles.
    """
    _check(histories, item_factors, weights_by_title, profiles)
    space = space_of(item_factors, config)
    total = Statistics.zeros(*item_factors.shape)
    with one_thread():
        for first in range(0, len(histories), _BLOCK):
            last = min(first + _BLOCK, len(histories))
            shared = np.ones(last - first, np.int64) if profiles is None else profiles[first:last]
            total = total + _block(histories.block(first, last), space, config, weights_by_title, shared)
    return total


def space_of(item_factors: Floats, config: PrivateAlsConfig) -> ItemSpace:
    """Item factors as viewers are solved from: (alpha0 VᵀV + λI + sum v vᵀ) u = sum v over what a viewer watched."""
    return ItemSpace.of(item_factors, config.regularisation, config.unobserved)


def vectors(histories: Interactions, space: ItemSpace) -> Floats:
    """Exact least-squares vectors of the viewers: shape (viewers, d). What was watched counts, not how surely."""
    watched, found = np.ones(histories.pairs, np.float32), np.zeros((len(histories), space.width))
    for rows in batches(space, histories):
        found[rows] = fold_in(space, histories, rows, watched).vectors
    return found


def steps_of(found: Floats, config: PrivateAlsConfig) -> Integers:
    """Viewers' vectors in whole steps, of a length of CLIP_STEPS at most."""
    if not np.isfinite(found).all():
        raise UsageError("private_als: a viewer's vector is not a number; more regularisation may help")
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    reach = np.maximum(lengths, np.finfo(np.float64).tiny)
    # Above the bound everything is scaled to it; below it only where vectors are stretched too.
    scale = config.clip / reach if config.normalise else np.minimum(1.0, config.clip / reach)
    steps: Integers = np.trunc(found * scale * (CLIP_STEPS * _MARGIN / config.clip)).astype(np.int64)
    if steps.size and int((steps * steps).sum(axis=1).max()) > CLIP_STEPS**2:
        raise AssertionError("a viewer's vector is longer than its bound")
    return steps


def weights_of(histories: Interactions, config: PrivateAlsConfig, weights_by_title: Floats, profiles: Ints) -> Integers:
    """Whole weights of all pairs, whose squares add up to B (WEIGHT_STEPS / n)² at most over a viewer."""
    raw = weights_by_title[histories.columns].astype(np.float64)
    rows = histories.rows
    squares = np.bincount(rows, raw**2, minlength=len(histories))
    lift = np.sqrt(config.squared_weights / np.where(squares > 0, squares, 1.0)) / profiles
    whole: Integers = np.floor(raw * lift[rows] * (WEIGHT_STEPS * _MARGIN)).astype(np.int64)
    found = np.zeros(len(histories), np.int64)
    np.add.at(found, rows, whole * whole)
    if (found * profiles**2 > floor(config.squared_weights * WEIGHT_STEPS**2)).any():
        raise AssertionError("a viewer's weights are above their bound")
    return whole


def packed(matrix: Floats | Ints) -> Integers:
    """The upper triangle of symmetric matrices (..., d, d), row by row, as int64."""
    upper = np.triu_indices(matrix.shape[-1])
    found: Integers = matrix[..., upper[0], upper[1]].astype(np.int64)
    return found


def _block(
    histories: Interactions, space: ItemSpace, config: PrivateAlsConfig, weights_by_title: Floats, profiles: Ints
) -> Statistics:
    titles, width = space.factors.shape
    steps = steps_of(vectors(histories, space), config).astype(np.float64)
    weights = weights_of(histories, config, weights_by_title, profiles)
    gram = packed((steps * (WEIGHT_STEPS // profiles)[:, None]).T @ steps)
    # Whole numbers below 2^53 in doubles: BLAS adds them without rounding, in whatever order.
    by_title = np.argsort(histories.columns, kind="stable")
    starts = np.searchsorted(histories.columns[by_title], np.arange(titles + 1))
    rows, systems, rights = histories.rows, np.zeros((titles, width * (width + 1) // 2), np.int64), []
    for title in range(titles):
        own = by_title[starts[title] : starts[title + 1]]
        vector = steps[rows[own]]
        weighed = vector * weights[own, None]
        systems[title] = packed(weighed.T @ vector)
        rights.append(weighed.sum(axis=0))
    right = np.array(rights).reshape(titles, width).astype(np.int64)
    return Statistics(gram, systems, right)


def _check(histories: Interactions, item_factors: Floats, weights_by_title: Floats, profiles: Ints | None) -> None:
    titles = len(histories.titles)
    if item_factors.ndim != 2 or len(item_factors) != titles or weights_by_title.shape != (titles,):
        raise UsageError(f"private_als: factors and weights must be of the {titles} titles of the histories")
    if not np.isfinite(item_factors).all() or not (np.isfinite(weights_by_title) & (weights_by_title > 0)).all():
        raise UsageError("private_als: factors must be finite and weights positive numbers")
    if profiles is not None and (profiles.shape != (len(histories),) or (profiles < 1).any()):
        raise UsageError("private_als: every viewer's account has one viewer at least")
