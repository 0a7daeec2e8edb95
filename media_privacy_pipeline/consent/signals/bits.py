"""Reading web-safe base64 bit by bit, from the left, and refusing what no encoder writes."""

from __future__ import annotations

import re
from binascii import a2b_base64

from .malformed import Malformed, Reason

_ALPHABET = re.compile(r"[A-Za-z0-9_-]+").fullmatch

GROUP = 24
"""Bits of four base64 characters. Encoders pad to 6, 8 or 24 bits, so fewer are left after the last field."""


class Bits:
    """The bits of one segment. Each field is cut from the bytes that it lies in, so that long strings cost no more a
    field than short ones.
    """

    __slots__ = ("_at", "_data", "_size")

    def __init__(self, text: str) -> None:
        if not text:
            raise Malformed(Reason.EMPTY)
        # Checked here because the library's decoder skips characters that it does not know, "=" in the middle included.
        if not _ALPHABET(text):
            raise Malformed(Reason.BAD_CHARACTER)
        self._data = a2b_base64(text.replace("-", "+").replace("_", "/") + "A" * (-len(text) % 4))
        self._size = 6 * len(text)
        self._at = 0

    def take(self, width: int) -> int:
        """The next `width` bits as a number, the first the most significant."""
        at = self._at
        end = at + width
        if end > self._size:
            raise Malformed(Reason.TRUNCATED)
        self._at = end
        return int.from_bytes(self._data[at >> 3 : (end + 7) >> 3]) >> (-end & 7) & ((1 << width) - 1)

    def flags(self, width: int) -> int:
        """The next `width` flags as a mask: the first flag, of item 1, is the lowest bit."""
        return mirrored(self.take(width), width)

    def finish(self) -> None:
        """Refuse the segment unless what is left is padding: zeros, and fewer than four characters of them."""
        left = self._size - self._at
        if left >= GROUP or self.take(left):
            raise Malformed(Reason.TRAILING_BITS)


def mirrored(number: int, width: int) -> int:
    """The `width` bits of a number in reverse order."""
    return int(f"{number:0{width}b}"[::-1], 2) if width else 0
