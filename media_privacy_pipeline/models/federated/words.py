"""Whole numbers modulo 2^k, and how many bytes make sure that their sum never wraps.

With n clients, none of whose parts is longer than L in L2, and noise of standard deviation s on the sum, a coordinate
of the sum is at most n L + 40 s but with a probability below 2 exp(-800): the discrete Gaussian, and hence the sum of
independent ones, is sub-Gaussian (Canonne, Kamath and Steinke 2020). Where that is below 2^(k-1), the sum is told from
its residue modulo 2^k, whatever wraps on the way.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ...errors import UsageError
from .masks import Words

Integers = NDArray[np.int64]

TAIL = 40


def word_bytes_for(most: float) -> int:
    """The fewest bytes of a word that hold whole numbers from -most to most. Raises UsageError above 8."""
    found = max(1, -(-(math.floor(math.log2(max(most, 1))) + 2) // 8))
    if found > 8:
        raise UsageError(
            f"sums of up to {most:.3g} steps do not fit into words of 8 bytes: fewer clients, or coarser steps"
        )
    return found


def to_bytes(vector: Words, word_bytes: int) -> bytes:
    """Words modulo 2^(8 · word_bytes), little-endian."""
    return vector.astype("<u8").view(np.uint8).reshape(-1, 8)[:, :word_bytes].tobytes()


def of_bytes(content: bytes, size: int, word_bytes: int) -> Words:
    """The words of `to_bytes`. Raises ValueError for content of another length."""
    if len(content) != size * word_bytes:
        raise ValueError(f"a vector has {size} words of {word_bytes} bytes")
    wide = np.zeros((size, 8), np.uint8)
    wide[:, :word_bytes] = np.frombuffer(content, np.uint8).reshape(size, word_bytes)
    return wide.reshape(-1).view("<u8").astype(np.uint64)


def centred(vector: Words, word_bytes: int) -> Integers:
    """Residues modulo 2^(8 · word_bytes) as the whole numbers next to zero."""
    shift = np.uint64(64 - 8 * word_bytes)
    return np.asarray((vector << shift).view(np.int64) >> shift.astype(np.int64))
