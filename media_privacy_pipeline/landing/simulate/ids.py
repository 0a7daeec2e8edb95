"""Opaque ids from running numbers: unique by construction, without a set of ids seen so far."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

_BITS = 48
_MASK = np.uint64((1 << _BITS) - 1)
_ODD = np.uint64(0x5DEECE66D1A7)
_DIGITS = _BITS // 4


def mixed(numbers: npt.NDArray[Any], salt: int) -> npt.NDArray[np.uint64]:
    """Running numbers below 2⁴⁸ to scattered ones below 2⁴⁸; two of one salt never meet (each step can be undone)."""
    values = (numbers.astype(np.uint64) + np.uint64(salt & 0xFFFFFFFFFF)) & _MASK
    for _ in range(2):
        values = (values * _ODD) & _MASK
        values ^= values >> np.uint64(23)
    return values


def hexadecimal(values: npt.NDArray[np.uint64], prefix: str = "") -> pa.Array:
    """Each value below 2⁴⁸ as twelve hexadecimal characters after a prefix."""
    octets = values.astype(">u8").view(np.uint8).reshape(-1, 8)[:, 2:]
    digits = np.frombuffer(octets.tobytes().hex().encode(), dtype=np.uint8).reshape(-1, _DIGITS)
    head = np.frombuffer(prefix.encode(), dtype=np.uint8)
    width = _DIGITS + len(head)
    text = np.empty((len(values), width), dtype=np.uint8)
    text[:, : len(head)] = head
    text[:, len(head) :] = digits
    offsets = np.arange(0, width * (len(values) + 1), width, dtype=np.int32)
    return pa.StringArray.from_buffers(len(values), pa.py_buffer(offsets), pa.py_buffer(text.tobytes()))
