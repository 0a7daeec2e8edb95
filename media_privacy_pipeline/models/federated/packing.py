"""Statistics of a sweep as vectors, and the public state that devices compute them from as bytes.

A symmetric matrix is its diagonal and, times √2, what is above it: its length in L2 is the Frobenius norm, so
that a bound on the one is a bound on the other, in half the numbers. Independent noise on them is, on the matrix,
what noise on all of its cells is once it was made symmetric: variance σ² on the diagonal, σ²/2 off it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def packed_size(width: int) -> int:
    """Numbers of a packed matrix of shape (width, width)."""
    return width * (width + 1) // 2


def packed(matrices: Floats) -> Floats:
    """Symmetric matrices, shape (..., width, width), as (..., packed_size)."""
    rows, columns, factor = _places(matrices.shape[-1])
    return np.asarray(matrices[..., rows, columns] * factor)


def unpacked(vectors: Floats, width: int) -> Floats:
    """The matrices of `packed`."""
    rows, columns, factor = _places(width)
    matrices = np.empty((*vectors.shape[:-1], width, width))
    matrices[..., rows, columns] = matrices[..., columns, rows] = vectors / factor
    return matrices


def state_to_bytes(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Public arrays by name. Without pickle; the same arrays give the same bytes."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **dict(sorted(arrays.items())))
    return buffer.getvalue()


def state_of_bytes(content: bytes) -> dict[str, NDArray[Any]]:
    """The arrays of `state_to_bytes`."""
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@lru_cache(maxsize=8)
def _places(width: int) -> tuple[NDArray[np.intp], NDArray[np.intp], Floats]:
    rows, columns = np.triu_indices(width)
    return rows, columns, np.where(rows == columns, 1.0, np.sqrt(2.0))
