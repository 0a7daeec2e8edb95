"""One US section of a GPP string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from .bits import Bits
from .gpp_sections import CHILD, LAYOUTS, SENSITIVE, SENSITIVE_KINDS, Fields
from .malformed import Malformed, Reason


class Choice(IntEnum):
    """What was agreed to for one kind of data."""

    NOT_APPLICABLE = 0
    NO_CONSENT = 1
    CONSENT = 2


@dataclass(frozen=True, slots=True)
class UsSection:
    """A US section. `values` holds the fields of one value by name, each 0, 1 or 2; `sensitive_data` and `known_child`
    hold one choice for each kind of data or band of age, in the order of the section's specification. `gpc` is None
    where the section has no such sub-section.
    """

    id: int
    name: str
    version: int
    values: Mapping[str, int]
    sensitive_data: tuple[Choice, ...]
    known_child: tuple[Choice, ...]
    gpc: bool | None


_CHOICES = tuple(Choice)
_WIDTHS = {
    (section, version): 2 * sum(count for _, count in fields)
    for section, layout in LAYOUTS.items()
    for version, fields in layout.versions.items()
}


def us_section(section: int, text: str) -> UsSection:
    """Read a section that `LAYOUTS` has. Raises Malformed."""
    layout = LAYOUTS[section]
    core, *parts = text.split(".")
    bits = Bits(core)
    version = bits.take(6)
    if version not in layout.versions:
        raise Malformed(Reason.BAD_VERSION)
    values, lists = _values(bits, layout.versions[version], _WIDTHS[section, version])
    bits.finish()
    # The one field for which the specification gives "not applicable" no number.
    if not values["mspa_covered_transaction"]:
        raise Malformed(Reason.VALUE_OUT_OF_RANGE)
    sensitive, gpc = lists.get(SENSITIVE, ()), None
    if parts:
        if layout.sub_section is None:
            raise Malformed(Reason.BAD_SEGMENT)
        if len(parts) > 1:
            raise Malformed(Reason.DUPLICATE_SEGMENT)
        if layout.sub_section == "gpc":
            gpc = _gpc(Bits(parts[0]))
        else:
            sensitive = _sensitive(Bits(parts[0]))
    return UsSection(section, layout.name, version, values, sensitive, lists.get(CHILD, ()), gpc)


def _values(bits: Bits, fields: Fields, left: int) -> tuple[dict[str, int], dict[str, tuple[Choice, ...]]]:
    core = _pairs(bits, left)
    values: dict[str, int] = {}
    lists: dict[str, tuple[Choice, ...]] = {}
    for name, count in fields:
        left -= 2 * count
        if name in (SENSITIVE, CHILD):
            lists[name] = _choices(core >> left, count)
        else:
            values[name] = core >> left & 3
    return values, lists


def _choices(pairs: int, count: int) -> tuple[Choice, ...]:
    return tuple(_CHOICES[pairs >> 2 * n & 3] for n in reversed(range(count)))


def _pairs(bits: Bits, width: int) -> int:
    pairs = bits.take(width)
    # No field has a meaning for 3: both bits of a pair set.
    if pairs & pairs >> 1 & ((1 << width) - 1) // 3:
        raise Malformed(Reason.VALUE_OUT_OF_RANGE)
    return pairs


def _gpc(bits: Bits) -> bool:
    if bits.take(2) != 1:
        raise Malformed(Reason.BAD_SEGMENT)
    gpc = bool(bits.take(1))
    bits.finish()
    return gpc


def _sensitive(bits: Bits) -> tuple[Choice, ...]:
    choices = _choices(_pairs(bits, 2 * SENSITIVE_KINDS), SENSITIVE_KINDS)
    bits.finish()
    return choices
