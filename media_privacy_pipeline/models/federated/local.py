"""What one viewer adds to each sum of a training, computed on the viewer's device from the public state alone.

The very numbers that `private.statistics` and `private.together` add up for this viewer; here for one at a time,
without a pass over titles that the viewer has not watched.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..interactions import Interactions, Ints
from ..private.config import PrivateAlsConfig
from ..private.statistics import (
    WEIGHT_STEPS,
    Statistics,
    space_of,
    steps_of,
    vectors,
    weights_of,
)
from ..private.together import title_counts, watched_together
from .client import Compute
from .device import Parts
from .words import Integers

COUNTS, TOGETHER, SWEEP = "counts", "together", "sweep"


def state_to_bytes(kind: str, titles: NDArray[np.str_], **arrays: NDArray[Any]) -> bytes:
    """The public state of a round: which sum it is for, the titles that it is over, and what it needs."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, kind=np.array(kind), titles=titles, **arrays)
    return buffer.getvalue()


def state_of_bytes(content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of `state_to_bytes`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def compute_of(history: Interactions, config: PrivateAlsConfig, profiles: int = 1) -> Compute:
    """What a device with this history (one row) answers to a public state; `profiles`: viewers of its account."""
    shared = np.array([profiles])

    def compute(public: bytes) -> Parts:
        state = state_of_bytes(public)
        own, kind = history.over(state["titles"]), str(state["kind"])
        if kind == COUNTS:
            return {COUNTS: title_counts(own, config, shared).astype(np.int64)}
        if kind == TOGETHER:
            return {TOGETHER: _triangle(watched_together(own, state["weights"], shared))}
        found = of_one(own, state, config, shared)
        sums = {"gram": found.gram, "systems": found.systems, "rights": found.rights}
        return {name: exact.ravel().astype(np.int64) for name, exact in sums.items()}

    return compute


def of_one(
    own: Interactions, state: Mapping[str, NDArray[Any]], config: PrivateAlsConfig, profiles: Ints
) -> Statistics:
    """`private.statistics` of a single viewer."""
    factors, weights_by_title = state["vectors"], state["weights"]
    found = Statistics.zeros(*factors.shape)
    step = steps_of(vectors(own, space_of(factors, config)), config)[0]
    weights = weights_of(own, config, weights_by_title, profiles)[:, None]
    square = _triangle(np.multiply.outer(step, step))
    found.systems[own.columns], found.rights[own.columns] = weights * square, weights * step
    return Statistics(square * (WEIGHT_STEPS // int(profiles[0])), found.systems, found.rights)


def _triangle(matrix: Ints) -> Integers:
    """The upper triangle of a symmetric matrix, row by row."""
    return np.asarray(matrix[np.triu_indices(len(matrix))], np.int64)
