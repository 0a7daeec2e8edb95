"""Discrete Gaussian noise on integers, from OpenDP: exact, from the system's generator, never seeded, never in SQL."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Integers: TypeAlias = NDArray[np.int64]

Noise: TypeAlias = Callable[[Integers, int], Integers]
"""Adds noise of a whole scale to a vector of integers. Only tests and the audit pass another one than ours."""

_LARGEST = 2**55
_CHUNK = 20_000
_THREADS = 2


def discrete_gaussian(values: Integers, sigma: int) -> Integers:
    """values + independent discrete Gaussian noise of scale sigma (variance about sigma²), as 64-bit integers.

    Raises ValueError for a value or a scale so large that a sum with noise could leave 64 bits: sums of bounded
    contributions of a billion accounts stay far below it.
    """
    if sigma < 1 or sigma > _LARGEST or (values.size and int(np.abs(values).max()) > _LARGEST):
        raise ValueError("a sum or a scale is outside what 64-bit integers hold with noise")
    measure = _measurement(float(sigma))
    chunks = [values[start : start + _CHUNK].tolist() for start in range(0, values.size, _CHUNK)]
    if not chunks:
        return values.astype(np.int64)
    # The sampler leaves Python's lock, so that chunks are drawn side by side.
    with ThreadPoolExecutor(_THREADS) as pool:
        return np.concatenate([np.asarray(drawn, dtype=np.int64) for drawn in pool.map(measure, chunks)])


def _measurement(sigma: float) -> Any:
    import opendp.prelude as dp

    # OpenDP calls "contrib" whatever has not been through its own formal review; the discrete Gaussian is in it.
    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T="i64")
    return dp.m.make_gaussian(*space, scale=sigma)
