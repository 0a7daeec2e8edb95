"""The IAB's TCF v2 string (versions 2.2 and 2.3): core, disclosed vendors and publisher segments.

Source: IAB Tech Lab, "Transparency and Consent String with Global Vendor & CMP List Formats".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from .bits import Bits, mirrored
from .malformed import Malformed, Reason, check_length
from .vendors import VendorIds, ranges, vendor_section

PURPOSES = 24
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Version 2 was published in August 2019: an earlier time, or one that nobody alive will see, is not a time.
_EARLIEST = (datetime(2019, 8, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=100)
_LATEST = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(milliseconds=100)

_DISCLOSED, _PUBLISHER = 1, 3
# Type 2, allowed vendors, narrowed out-of-band legal bases, which the framework gave up together with global scope. Now
# the document defines types 0, 1 and 3 only, so a string that has it is refused like any undefined segment.


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the publisher restricts: `kind` 0 forbids the purpose to vendors, 1 and 2 require consent or an interest."""

    purpose: int
    kind: int
    vendors: VendorIds


@dataclass(frozen=True, slots=True)
class Publisher:
    """What the publisher itself may do. All are masks: purpose 1 is the lowest bit."""

    consents: int
    interests: int
    custom_purposes: int
    custom_consents: int
    custom_interests: int


@dataclass(frozen=True, slots=True)
class Tcf:
    """A whole TCF string. Purposes and special features are masks: number 1 is the lowest bit."""

    created: datetime
    updated: datetime
    cmp_id: int
    cmp_version: int
    consent_screen: int
    consent_language: str
    vendor_list_version: int
    policy_version: int
    is_service_specific: bool
    use_non_standard_texts: bool
    special_features: int
    consents: int
    interests: int
    purpose_one_treatment: bool
    publisher_country: str
    vendor_consents: VendorIds
    vendor_interests: VendorIds
    restrictions: tuple[Restriction, ...]
    disclosed: VendorIds | None
    publisher: Publisher | None


def decode_tcf(text: str) -> Tcf:
    """Read a TCF string, the whole of it or nothing. Raises Malformed."""
    check_length(text)
    core, *segments = text.split(".")
    fields = _core(Bits(core))
    disclosed: VendorIds | None = None
    publisher: Publisher | None = None
    for segment in segments:
        bits = Bits(segment)
        kind = bits.take(3)
        if kind == _DISCLOSED:
            _once(disclosed)
            disclosed = vendor_section(bits)
        elif kind == _PUBLISHER:
            _once(publisher)
            publisher = _publisher(bits)
        else:
            raise Malformed(Reason.BAD_SEGMENT)
        bits.finish()
    return Tcf(*fields, disclosed, publisher)


def _once(segment: object) -> None:
    if segment is not None:
        raise Malformed(Reason.DUPLICATE_SEGMENT)


def _core(
    bits: Bits,
) -> tuple[
    datetime, datetime, int, int, int, str, int, int, bool, bool, int, int, int, bool, str,
    VendorIds, VendorIds, tuple[Restriction, ...],
]:  # fmt: skip
    version = bits.take(6)
    if version != 2:
        raise Malformed(Reason.TCF_V1 if version == 1 else Reason.BAD_VERSION)
    times = bits.take(72)
    created, updated = times >> 36, times & (1 << 36) - 1
    if not _EARLIEST <= created <= updated < _LATEST:
        raise Malformed(Reason.VALUE_OUT_OF_RANGE)
    # The fixed fields are cut from one number: it is read once, and a string has no business ending among them.
    fixed = bits.take(135)
    fields = (
        _EPOCH + timedelta(milliseconds=100 * created),
        _EPOCH + timedelta(milliseconds=100 * updated),
        fixed >> 123,
        fixed >> 111 & 0xFFF,
        fixed >> 105 & 0x3F,
        _letters(fixed >> 93 & 0xFFF),
        fixed >> 81 & 0xFFF,
        fixed >> 75 & 0x3F,
        bool(fixed >> 74 & 1),
        bool(fixed >> 73 & 1),
        mirrored(fixed >> 61 & 0xFFF, 12),
        mirrored(fixed >> 37 & 0xFFFFFF, PURPOSES),
        mirrored(fixed >> 13 & 0xFFFFFF, PURPOSES),
        bool(fixed >> 12 & 1),
        _letters(fixed & 0xFFF),
        vendor_section(bits),
        vendor_section(bits),
        _restrictions(bits),
    )
    bits.finish()
    return fields


def _letters(pair: int) -> str:
    first, second = pair >> 6, pair & 0x3F
    if first > 25 or second > 25:
        raise Malformed(Reason.VALUE_OUT_OF_RANGE)
    return chr(65 + first) + chr(65 + second)


def _restrictions(bits: Bits) -> tuple[Restriction, ...]:
    restrictions = []
    for _ in range(bits.take(12)):
        purpose, kind = bits.take(6), bits.take(2)
        if not 1 <= purpose <= PURPOSES or kind > 2:
            raise Malformed(Reason.VALUE_OUT_OF_RANGE)
        spans = ranges(bits)
        restrictions.append(Restriction(purpose, kind, VendorIds(spans[-1][1] if spans else 0, spans=spans)))
    return tuple(restrictions)


def _publisher(bits: Bits) -> Publisher:
    consents, interests, custom = bits.flags(PURPOSES), bits.flags(PURPOSES), bits.take(6)
    return Publisher(consents, interests, custom, bits.flags(custom), bits.flags(custom))
