"""Writes consent strings field by field, wrong ones too, to try the decoders where no golden vector helps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
OLD, NEW = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
"""The day when disclosed vendors became mandatory, and one before it."""


def base64(bits: str, pad: int = 8) -> str:
    """Web-safe base64 of the bits, filled with zeros to a multiple of `pad` and of 6."""
    bits += "0" * (-len(bits) % pad)
    bits += "0" * (-len(bits) % 6)
    return "".join(ALPHABET[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))


def number(value: int, width: int) -> str:
    return f"{value:0{width}b}"


def flags(numbers: Iterable[int], width: int) -> str:
    held = set(numbers)
    return "".join("1" if n in held else "0" for n in range(1, width + 1))


def ranges(spans: Sequence[tuple[int, int]]) -> str:
    return number(len(spans), 12) + "".join(
        "0" + number(first, 16) if first == last else "1" + number(first, 16) + number(last, 16)
        for first, last in spans
    )


def vendors(ids: Iterable[int], highest: int = 20) -> str:
    return number(highest, 16) + "0" + flags(ids, highest)


def core(
    *,
    version: int = 2,
    created: datetime = OLD,
    updated: datetime | None = None,
    consents: Iterable[int] = (),
    interests: Iterable[int] = (),
    purpose_one_treatment: bool = False,
    language: tuple[int, int] = (4, 13),
    policy: int = 5,
    service_specific: bool = True,
    vendor_consents: str = vendors(()),
    vendor_interests: str = vendors(()),
    restrictions: Sequence[tuple[int, int, Sequence[tuple[int, int]]]] = (),
) -> str:
    """Bits of a core segment."""
    times = [int((time or created).timestamp()) * 10 for time in (created, updated)]
    letters = number(language[0], 6) + number(language[1], 6)
    bits = number(version, 6) + "".join(number(time, 36) for time in times)
    bits += number(31, 12) + number(1, 12) + number(1, 6) + letters + number(300, 12) + number(policy, 6)
    bits += str(int(service_specific)) + "0"
    bits += number(0, 12) + flags(consents, 24) + flags(interests, 24) + str(int(purpose_one_treatment))
    bits += number(3, 6) + number(4, 6) + vendor_consents + vendor_interests + number(len(restrictions), 12)
    return bits + "".join(number(p, 6) + number(kind, 2) + ranges(spans) for p, kind, spans in restrictions)


def disclosed(ids: Iterable[int]) -> str:
    return number(1, 3) + vendors(ids)


def publisher(consents: Iterable[int] = (), interests: Iterable[int] = ()) -> str:
    return number(3, 3) + flags(consents, 24) + flags(interests, 24) + number(0, 6)


def tcf(*segments: str) -> str:
    return ".".join(base64(segment, 24) for segment in segments)


def fibonacci(value: int) -> str:
    worths = [1, 2]
    while worths[-1] <= value:
        worths.append(worths[-1] + worths[-2])
    bits = ""
    for worth in reversed(worths):
        bits = ("1" if worth <= value else "0") + bits
        value -= worth if worth <= value else 0
    return bits.rstrip("0") + "1"


def header(*ids: int) -> str:
    steps = [after - before for before, after in zip((0, *ids), ids, strict=False)]
    return base64(number(3, 6) + number(1, 6) + number(len(ids), 12) + "".join("0" + fibonacci(step) for step in steps))


def usnat(*, sale: int = 2, notice: int = 1, general: int = 1, gpc: bool | None = None) -> str:
    """A version 1 usnat section where sharing and targeting say what sale says."""
    values = [general, notice, notice, notice, 0, 0, sale, sale, sale, *[0] * 14, 0, 2, 0, 0]
    return _us(values, gpc)


def usca(*, sale: int = 2, notice: int = 1, child: tuple[int, int] = (0, 0), gpc: bool | None = None) -> str:
    return _us([notice, notice, 0, sale, sale, *[0] * 9, *child, 0, 2, 0, 0], gpc)


def usin(*sensitive: int) -> str:
    """A usin section, with these kinds of sensitive data in its sub-section."""
    kinds = "".join(number(value, 2) for value in (*sensitive, *[0] * (8 - len(sensitive))))
    return f"{_us([2, 0, 1, 1, 1, 2, 2, 0, 0], None)}.{base64(kinds)}"


def _us(values: Sequence[int], gpc: bool | None) -> str:
    text = base64(number(1, 6) + "".join(number(value, 2) for value in values))
    return text if gpc is None else f"{text}.{base64('01' + str(int(gpc)))}"
