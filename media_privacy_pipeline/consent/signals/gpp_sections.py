"""Fields of every US section of the GPP, in order.

Facts from the IAB Tech Lab's section specifications, laid out as its own encoder (@iabgpp/cmpapi 3.2.0) writes them.
In the sections 24 to 27 the two differ: the documents put a header of section id, version and sub-sections first, which
the encoder leaves out. What the encoder writes is what arrives; a string with that header is refused by its version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SENSITIVE, CHILD = "sensitive_data", "known_child"
Fields = tuple[tuple[str, int], ...]

_SHARING = ("sharing_notice", "sale_opt_out_notice", "targeted_advertising_opt_out_notice")
_PROCESSING = ("processing_notice", "sale_opt_out_notice", "targeted_advertising_opt_out_notice")
_CHOICES = ("sale_opt_out", "targeted_advertising_opt_out")
_MORE = ("additional_data_processing_consent",)
_MSPA = ("mspa_covered_transaction", "mspa_opt_out_option_mode", "mspa_service_provider_mode")
_MSPA_FIRST = ("mspa_covered_transaction", "mspa_mode", *_PROCESSING, *_CHOICES)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a section is laid out: for each version the fields after its six bits, of two bits times the count each, and
    the sub-section that may follow the core.
    """

    name: str
    versions: dict[int, Fields]
    sub_section: Literal["gpc", "sensitive_data"] | None = "gpc"


def _fields(before: tuple[str, ...], sensitive: int, child: int, after: tuple[str, ...] = _MSPA) -> Fields:
    lists = ((SENSITIVE, sensitive), (CHILD, child))
    return (
        *((name, 1) for name in before),
        *((name, count) for name, count in lists if count),
        *((name, 1) for name in after),
    )


_NATIONAL = (
    "sharing_notice",
    "sale_opt_out_notice",
    "sharing_opt_out_notice",
    "targeted_advertising_opt_out_notice",
    "sensitive_data_processing_opt_out_notice",
    "sensitive_data_limit_use_notice",
    "sale_opt_out",
    "sharing_opt_out",
    "targeted_advertising_opt_out",
)
_CALIFORNIA = (
    "sale_opt_out_notice",
    "sharing_opt_out_notice",
    "sensitive_data_limit_use_notice",
    "sale_opt_out",
    "sharing_opt_out",
)
_PERSONAL = ("personal_data_consents", *_MSPA)
_OLD, _NEW = (*_SHARING, *_CHOICES), (*_PROCESSING, *_CHOICES)
_UTAH = (*_SHARING, "sensitive_data_processing_opt_out_notice", *_CHOICES)
_IOWA = (*_PROCESSING, "sensitive_data_opt_out_notice", *_CHOICES)
_ADDED = (*_MORE, *_MSPA)
_LATE = _fields(_MSPA_FIRST, 0, 1, _MORE)

LAYOUTS: dict[int, Layout] = {
    # Version 2 added four kinds of sensitive data and an age band.
    7: Layout("usnat", {1: _fields(_NATIONAL, 12, 2, _PERSONAL), 2: _fields(_NATIONAL, 16, 3, _PERSONAL)}),
    8: Layout("usca", {1: _fields(_CALIFORNIA, 9, 2, _PERSONAL)}),
    9: Layout("usva", {1: _fields(_OLD, 8, 1)}, None),
    10: Layout("usco", {1: _fields(_OLD, 7, 1)}),
    11: Layout("usut", {1: _fields(_UTAH, 8, 1)}, None),
    12: Layout("usct", {1: _fields(_OLD, 8, 3)}),
    13: Layout("usfl", {1: _fields(_NEW, 8, 3, _ADDED)}, None),
    14: Layout("usmt", {1: _fields(_OLD, 8, 3, _ADDED)}),
    15: Layout("usor", {1: _fields(_NEW, 11, 3, _ADDED)}),
    16: Layout("ustx", {1: _fields(_NEW, 8, 1, _ADDED)}),
    17: Layout("usde", {1: _fields(_NEW, 9, 5, _ADDED)}),
    18: Layout("usia", {1: _fields(_IOWA, 8, 1)}),
    19: Layout("usne", {1: _fields(_NEW, 8, 1, _ADDED)}),
    20: Layout("usnh", {1: _fields(_NEW, 8, 3, _ADDED)}),
    21: Layout("usnj", {1: _fields(_NEW, 10, 5, _ADDED)}),
    22: Layout("ustn", {1: _fields(_NEW, 8, 1, _ADDED)}),
    23: Layout("usmn", {1: _fields(_NEW, 8, 1, _ADDED)}),
    24: Layout("usmd", {1: _fields(_MSPA_FIRST, 0, 0, _MORE)}),
    25: Layout("usin", {1: _LATE}, "sensitive_data"),
    26: Layout("usky", {1: _LATE}, "sensitive_data"),
    27: Layout("usri", {1: _LATE}, "sensitive_data"),
}
"""By section id. The version of the sections 24 to 27 is the MSPA's."""

SENSITIVE_KINDS = 8
"""Kinds of sensitive data in the sub-section of the sections 25 to 27."""
