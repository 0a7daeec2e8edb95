"""Discrete Gaussian noise on integers: exact, from the system's generator, never seeded, never in SQL.

Many draws come from our own table (`sampler`), few from OpenDP, whose draws are slower and need no table. Both are the
same distribution; which one draws depends on the shape of a release and its scale, which are public, never on values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .sampler import sampler, table_scale

Integers: TypeAlias = NDArray[np.int64]

Noise: TypeAlias = Callable[[Integers, int], Integers]
"""Adds noise of a whole scale to a vector of integers. Only tests and the audit pass another one than ours."""

_LARGEST = 2**55


def discrete_gaussian(values: Integers, sigma: int) -> Integers:
    """values + independent discrete Gaussian noise of scale sigma (variance about sigma²), as 64-bit integers.

    Raises ValueError for a value or a scale so large that a sum with noise could leave 64 bits: sums of bounded
    contributions of a billion accounts stay far below it.
    """
    # A table takes about as long to make as OpenDP takes for as many draws as the table's scale, and is kept.
    return own_noise(values, sigma) if values.size >= table_scale(sigma) else opendp_noise(values, sigma)


def own_noise(values: Integers, sigma: int) -> Integers:
    """`discrete_gaussian`, by our own sampler whatever the size."""
    check(values, sigma)
    # Values are within 2^55 and draws within 2^62: the sum is within 64 bits.
    return values.astype(np.int64) + sampler(sigma).draw(values.size).reshape(values.shape)


def opendp_noise(values: Integers, sigma: int) -> Integers:
    """`discrete_gaussian`, by OpenDP whatever the size."""
    # Not opendp.prelude, which imports scikit-learn: a second of processor for what is drawn in a moment.
    from opendp.domains import atom_domain, vector_domain
    from opendp.measurements import make_gaussian
    from opendp.metrics import l2_distance
    from opendp.mod import enable_features

    check(values, sigma)
    if not values.size:
        return values.astype(np.int64)
    # OpenDP calls "contrib" whatever has not been through its own formal review; the discrete Gaussian is in it.
    enable_features("contrib")
    measure = make_gaussian(vector_domain(atom_domain(T="i64")), l2_distance(T="i64"), scale=float(sigma))
    return np.asarray(measure(values.ravel().tolist()), dtype=np.int64).reshape(values.shape)


def check(values: Integers, sigma: int) -> None:
    """Raise ValueError, or TypeError, for what no noise may be added to; see discrete_gaussian."""
    # Floats would be cut to whole numbers, which moves a sum further than its bound.
    if not np.can_cast(values.dtype, np.int64):
        raise TypeError(f"noise is added to integers, not to {values.dtype}")
    # Not by absolute values: that of the least 64-bit integer is itself.
    within = not values.size or (int(values.max()) <= _LARGEST and int(values.min()) >= -_LARGEST)
    if not (1 <= sigma <= _LARGEST and within):
        raise ValueError("a sum or a scale is outside what 64-bit integers hold with noise")
