"""Consent strings as a consent platform writes them: TCF v2 with three segments, and GPP's usnat section.

Only what the simulator needs, bit by bit after the IAB's specifications "TCF v2.3 consent string" and "GPP usnat v1".
Field = (bits, value); fields go one after another, most significant bit first, in URL-safe base64 without padding.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence

Field = tuple[int, int]
_CMP = 31
_VENDORS = 4


def tcf(created: int, purposes: Iterable[int], *, vendors: bool) -> str:
    """A TCF v2 string created at `created` (seconds since 1970) that grants these purposes, to four vendors or none."""
    granted = sum(1 << (24 - purpose) for purpose in purposes)
    bits = (1 << _VENDORS) - 1 if vendors else 0
    language = [(6, ord("E") - 65), (6, ord("N") - 65)]
    stamps = [(36, created * 10), (36, created * 10)]
    core: list[Field] = [(6, 2), *stamps, (12, _CMP), (12, 1), (6, 1), *language, (12, 300), (6, 5), (1, 1), (1, 0)]
    core += [(12, 0), (24, granted), (24, 0), (1, 0), (6, ord("D") - 65), (6, ord("E") - 65)]
    core += [(16, _VENDORS), (1, 0), (_VENDORS, bits), (16, _VENDORS), (1, 0), (_VENDORS, 0), (12, 0)]
    disclosed: list[Field] = [(3, 1), (16, _VENDORS), (1, 0), (_VENDORS, (1 << _VENDORS) - 1)]
    publisher: list[Field] = [(3, 3), (24, granted), (24, 0), (6, 0)]
    return ".".join(_base64(segment) for segment in (core, disclosed, publisher))


def usnat(*, opted_out: bool, gpc: bool) -> str:
    """A GPP string with the usnat section: notices given, sale, sharing and targeting opted out of or not."""
    choice = 1 if opted_out else 2
    core: list[Field] = [(6, 1), *[(2, 1)] * 4, (2, 0), (2, 0), *[(2, choice)] * 3]
    core += [(2, 0)] * 12 + [(2, 0)] * 2 + [(2, 0), (2, 2), (2, 0), (2, 0)]
    # "DBABLA" is the header of a string whose only section is 7, usnat.
    return f"DBABLA~{_base64(core)}.{_base64([(2, 1), (1, int(gpc))])}"


def _base64(fields: Sequence[Field]) -> str:
    text = "".join(f"{value:0{bits}b}" for bits, value in fields)
    text += "0" * (-len(text) % 8)
    return urlsafe_b64encode(int(text, 2).to_bytes(len(text) // 8, "big")).decode().rstrip("=")
