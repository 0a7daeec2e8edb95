"""The IAB's US Privacy string: four characters, such as 1YNN."""

from __future__ import annotations

from dataclasses import dataclass

from .malformed import Malformed, Reason, check_length


@dataclass(frozen=True, slots=True)
class Usp:
    """A US Privacy string. Each answer is yes, no, or None where it does not apply."""

    notice: bool | None
    opted_out_of_sale: bool | None
    lspa_covered: bool | None


_ANSWERS = {"Y": True, "N": False, "-": None}


def decode_usp(text: str) -> Usp:
    """Read a US Privacy string. Raises Malformed."""
    check_length(text)
    if text[0] != "1":
        raise Malformed(Reason.BAD_VERSION)
    if not set(text[1:]) <= _ANSWERS.keys():
        raise Malformed(Reason.BAD_CHARACTER)
    if len(text) != 4:
        raise Malformed(Reason.TRUNCATED if len(text) < 4 else Reason.TRAILING_BITS)
    return Usp(*(_ANSWERS[letter] for letter in text[1:]))
