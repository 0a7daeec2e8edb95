"""Sets of vendors: a flag for each id, or ranges of ids."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from .bits import Bits
from .malformed import Malformed, Reason

Spans = tuple[tuple[int, int], ...]
_HIGHEST = 65_535


@dataclass(frozen=True, slots=True)
class VendorIds:
    """A set of vendor ids as the string holds it: `flags` of the ids 1 to `highest`, or `spans` of first and last."""

    highest: int
    flags: int = 0
    spans: Spans = ()

    def __contains__(self, vendor: int) -> bool:
        if not self.spans:
            return 1 <= vendor <= self.highest and bool(self.flags >> (self.highest - vendor) & 1)
        before = bisect_right(self.spans, (vendor, _HIGHEST))
        return before > 0 and vendor <= self.spans[before - 1][1]

    def __iter__(self) -> Iterator[int]:
        """The ids, ascending."""
        if self.spans:
            return (vendor for first, last in self.spans for vendor in range(first, last + 1))
        return (vendor for vendor in range(1, self.highest + 1) if vendor in self)


def vendor_section(bits: Bits) -> VendorIds:
    """Read a vendor section: the highest id, and flags or ranges up to it."""
    highest = bits.take(16)
    if not bits.take(1):
        return VendorIds(highest, bits.take(highest))
    return VendorIds(highest, spans=ranges(bits, highest))


def ranges(bits: Bits, highest: int = _HIGHEST) -> Spans:
    """Read a list of ranges. They must ascend without touching twice, from 1 to the highest id: every encoder writes
    them so, and any other list has been tampered with or was cut and read on in the wrong place.
    """
    spans = []
    previous = 0
    for _ in range(bits.take(12)):
        if bits.take(1):
            both = bits.take(32)
            first, last = both >> 16, both & _HIGHEST
        else:
            first = last = bits.take(16)
        if not previous < first <= last <= highest:
            raise Malformed(Reason.BAD_RANGE)
        spans.append((first, last))
        previous = last
    return tuple(spans)
