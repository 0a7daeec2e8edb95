"""The header of a GPP string: which sections follow, in Fibonacci coding."""

from __future__ import annotations

from .bits import Bits
from .malformed import Malformed, Reason

_TYPE, _VERSION = 3, 1
_HIGHEST = 4095
"""Section ids are two digits so far; a number far above is a header that was read in the wrong place."""


def section_ids(text: str, count: int) -> tuple[int, ...]:
    """The ids of the sections, ascending, where `count` sections follow. Raises Malformed."""
    bits = Bits(text)
    if bits.take(6) != _TYPE or bits.take(6) != _VERSION:
        raise Malformed(Reason.BAD_VERSION)
    ids: list[int] = []
    last = 0
    for _ in range(bits.take(12)):
        is_range = bits.take(1)
        first = last + _fibonacci(bits)
        last = first + _fibonacci(bits) if is_range else first
        if last > _HIGHEST:
            raise Malformed(Reason.BAD_RANGE)
        # Not one id more than there are sections is kept, whatever a header claims.
        if len(ids) + last - first + 1 > count:
            raise Malformed(Reason.WRONG_SECTION_COUNT)
        ids += range(first, last + 1)
    bits.finish()
    if len(ids) != count:
        raise Malformed(Reason.WRONG_SECTION_COUNT)
    return tuple(ids)


def _fibonacci(bits: Bits) -> int:
    """The next number: each bit is worth the next of 1, 2, 3, 5, 8 and so on, and two ones in a row end it."""
    number, worth, after = 0, 1, 2
    previous = 0
    while True:
        bit = bits.take(1)
        if bit and previous:
            return number
        number += worth * bit
        if number > _HIGHEST:
            raise Malformed(Reason.BAD_RANGE)
        worth, after = after, worth + after
        previous = bit
