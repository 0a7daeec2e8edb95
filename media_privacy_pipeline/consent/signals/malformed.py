"""The one error of the decoders: why a string cannot be read, and never a part of the string."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a string is malformed. Safe to store and to show: it tells nothing about the person."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    BAD_CHARACTER = "bad_character"
    TRUNCATED = "truncated"
    TRAILING_BITS = "trailing_bits"
    TCF_V1 = "tcf_v1"
    BAD_VERSION = "bad_version"
    BAD_SEGMENT = "bad_segment"
    DUPLICATE_SEGMENT = "duplicate_segment"
    WRONG_SECTION_COUNT = "wrong_section_count"
    BAD_RANGE = "bad_range"
    VALUE_OUT_OF_RANGE = "value_out_of_range"
    WRONG_KIND = "wrong_kind"


class Malformed(ValueError):
    """A consent string that says nothing, because a part of it cannot be read."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"malformed consent string: {reason.value}")
        self.reason = reason


LONGEST = 65_536
"""Characters. A string that names every vendor in restrictions has some thousands; this bounds the work of one row."""


def check_length(text: str) -> None:
    """Refuse what is empty or longer than any consent platform writes."""
    if not text:
        raise Malformed(Reason.EMPTY)
    if len(text) > LONGEST:
        raise Malformed(Reason.TOO_LONG)
