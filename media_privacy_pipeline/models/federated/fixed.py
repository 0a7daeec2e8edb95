"""Statistics as whole numbers modulo 2^k: how finely they are cut, and why their sum never wraps.

A block of a vector is a part with a bound of its own: no client's part is longer than `sensitivity` in L2, so none of
its coordinates is larger. With n clients and noise of standard deviation s on the sum, a coordinate of it is at most
n · sensitivity + 40 s but with a probability below 2 exp(-800): the discrete Gaussian, and hence the sum of independent
ones, is sub-Gaussian (Canonne, Kamath and Steinke 2020). A step is 2^-fraction_bits, with as many bits as keep that, in
steps, below 2^(k-1): modulo 2^k the sum is told from its residue, whatever wraps on the way.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .masks import Words

TAIL = 40
_MARGIN = 1 - 1e-12
"""Rounding in the clip itself cannot lift a part above its bound."""
_LARGEST_SHARE_BITS = 54
"""The sampler's largest scale is 2^55."""


class Block(NamedTuple):
    """A part of every client's vector: its length, the L2 norm that no client's passes, the noise of the sum."""

    name: str
    size: int
    sensitivity: float
    sigma: float


def fraction_bits(block: Block, clients: int, spread: float, word_bytes: int) -> int:
    """The most bits after the point at which the sum of `clients` parts cannot wrap.

    `spread` is the standard deviation of the noise that all clients together may add, in units of block.sigma.
    """
    most = clients * block.sensitivity + TAIL * block.sigma * spread
    bits = 8 * word_bytes - 1 - math.ceil(math.log2(most))
    # One bit is left for the cut to whole steps and for rounding the share of noise up.
    bits -= 1
    if block.sigma:
        bits = min(bits, _LARGEST_SHARE_BITS - math.ceil(math.log2(block.sigma)))
    return bits


def encode(part: NDArray[np.float64], block: Block, bits: int) -> NDArray[np.int64]:
    """A client's part in whole steps, cut towards zero, of a norm of at most `sensitivity`: scaled down where longer.

    Scaling by a power of two and cutting are exact, and no coordinate grows: the norm in steps is within the bound.
    Raises ValueError for a part of another length or with a number that is not finite.
    """
    if part.shape != (block.size,) or not np.isfinite(part).all():
        raise ValueError(f"{block.name}: a client's part has {block.size} finite numbers")
    length = math.sqrt(float(np.sum(part * part)))
    if length > block.sensitivity * _MARGIN:
        part = part * (block.sensitivity * _MARGIN / length)
    steps: NDArray[np.int64] = np.trunc(np.ldexp(part, bits)).astype(np.int64)
    return steps


def decode(total: Words, bits: int) -> NDArray[np.float64]:
    """A block of the sum, which lies between -2^63 and 2^63 steps."""
    return np.ldexp(total.view(np.int64).astype(np.float64), -bits)


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


def centred(vector: Words, word_bytes: int) -> Words:
    """Residues modulo 2^(8 · word_bytes) as the numbers next to zero, in two's complement of 64 bits."""
    shift = np.uint64(64 - 8 * word_bytes)
    return ((vector << shift).view(np.int64) >> shift.astype(np.int64)).view(np.uint64)
