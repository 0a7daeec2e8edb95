"""Each thing that makes a string malformed, and the reason that is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from signal_writer import (
    OLD,
    base64,
    core,
    disclosed,
    fibonacci,
    header,
    number,
    publisher,
    ranges,
    tcf,
    usca,
    usnat,
    vendors,
)

from media_privacy_pipeline.consent.signals import Malformed, Reason, decode_gpp, decode_tcf, decode_usp

GOOD = tcf(core())


def section(*spans: tuple[int, int], highest: int = 20) -> str:
    return number(highest, 16) + "1" + ranges(spans)


def reason_of(decode: Callable[[str], object], text: str) -> Reason:
    with pytest.raises(Malformed) as caught:
        decode(text)
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        (GOOD + ".", Reason.EMPTY),
        ("." + GOOD, Reason.EMPTY),
        ("C" * 65_537, Reason.TOO_LONG),
        (GOOD + "=", Reason.BAD_CHARACTER),
        (GOOD + "==", Reason.BAD_CHARACTER),
        (" " + GOOD, Reason.BAD_CHARACTER),
        (GOOD + "\n", Reason.BAD_CHARACTER),
        (GOOD.replace("A", "+", 1), Reason.BAD_CHARACTER),
        (GOOD.replace("A", "/", 1), Reason.BAD_CHARACTER),
        (GOOD + "AAAA", Reason.TRAILING_BITS),
        (tcf(core() + "1"), Reason.TRAILING_BITS),
        (tcf(core(version=1)), Reason.TCF_V1),
        (tcf(core(version=3)), Reason.BAD_VERSION),
        (tcf(core(version=0)), Reason.BAD_VERSION),
        (tcf(core(), "010" + vendors(())), Reason.BAD_SEGMENT),
        (tcf(core(), core()), Reason.BAD_SEGMENT),
        (tcf(core(), "111"), Reason.BAD_SEGMENT),
        (tcf(core(), disclosed(()), disclosed(())), Reason.DUPLICATE_SEGMENT),
        (tcf(core(), publisher(), publisher()), Reason.DUPLICATE_SEGMENT),
        (tcf(core(vendor_consents=section((5, 4)))), Reason.BAD_RANGE),
        (tcf(core(vendor_consents=section((0, 4)))), Reason.BAD_RANGE),
        (tcf(core(vendor_consents=section((0, 0)))), Reason.BAD_RANGE),
        (tcf(core(vendor_consents=section((5, 21)))), Reason.BAD_RANGE),
        (tcf(core(vendor_consents=section((5, 9), (9, 12)))), Reason.BAD_RANGE),
        (tcf(core(vendor_consents=section((5, 9), (1, 2)))), Reason.BAD_RANGE),
        (tcf(core(restrictions=[(2, 1, [(9, 3)])])), Reason.BAD_RANGE),
        (tcf(core(restrictions=[(0, 1, [(3, 9)])])), Reason.VALUE_OUT_OF_RANGE),
        (tcf(core(restrictions=[(25, 1, [(3, 9)])])), Reason.VALUE_OUT_OF_RANGE),
        (tcf(core(restrictions=[(2, 3, [(3, 9)])])), Reason.VALUE_OUT_OF_RANGE),
        (tcf(core(language=(26, 0))), Reason.VALUE_OUT_OF_RANGE),
        (tcf(core(created=datetime(2018, 5, 25, tzinfo=UTC))), Reason.VALUE_OUT_OF_RANGE),
        (tcf(core(created=datetime(2101, 1, 1, tzinfo=UTC))), Reason.VALUE_OUT_OF_RANGE),
        (tcf(core(created=OLD, updated=OLD - timedelta(days=1))), Reason.VALUE_OUT_OF_RANGE),
    ],
)
def test_tcf(text: str, reason: Reason) -> None:
    assert reason_of(decode_tcf, text) is reason


def with_sections(*texts: str, ids: tuple[int, ...] = (7,)) -> str:
    return "~".join((header(*ids), *texts))


HEAD = number(3, 6) + number(1, 6)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("~" + usnat(), Reason.EMPTY),
        (with_sections(""), Reason.EMPTY),
        (with_sections("", ids=(99,)), Reason.EMPTY),
        (with_sections("a b", ids=(99,)), Reason.BAD_CHARACTER),
        (with_sections(usnat()) + "~", Reason.WRONG_SECTION_COUNT),
        (with_sections(usnat(), usca()), Reason.WRONG_SECTION_COUNT),
        (base64(number(3, 6) + number(2, 6) + number(0, 12)), Reason.BAD_VERSION),
        (base64(number(2, 6) + number(1, 6) + number(0, 12)), Reason.BAD_VERSION),
        (base64(HEAD + number(1, 12) + "1" + fibonacci(1) + fibonacci(4000)) + "~A", Reason.WRONG_SECTION_COUNT),
        (base64(HEAD + number(1, 12) + "0" + fibonacci(5000)) + "~A", Reason.BAD_RANGE),
        (base64(HEAD + number(1, 12) + "0" + "01" * 40) + "~A", Reason.BAD_RANGE),
        (base64(HEAD + number(1, 12)) + "~A", Reason.TRUNCATED),
        (with_sections(usnat(sale=3)), Reason.VALUE_OUT_OF_RANGE),
        (with_sections(base64(number(1, 6) + "0" * 54)), Reason.VALUE_OUT_OF_RANGE),
        (with_sections(base64(number(3, 6) + "0" * 62)), Reason.BAD_VERSION),
        (with_sections(usnat() + "AAAA"), Reason.TRAILING_BITS),
        (with_sections(usnat(gpc=True) + ".YA"), Reason.DUPLICATE_SEGMENT),
        (with_sections(usnat() + "." + base64("101")), Reason.BAD_SEGMENT),
        (with_sections(usnat() + "." + base64("0111")), Reason.TRAILING_BITS),
        (with_sections("BAAAABA.YA", ids=(9,)), Reason.BAD_SEGMENT),
        (with_sections(GOOD + "AAAA", ids=(2,)), Reason.TRAILING_BITS),
        # The documents' own layout of the sections 24 to 27, which begins with the section's id.
        (with_sections(base64(number(25, 6) + number(1, 6)), ids=(25,)), Reason.BAD_VERSION),
    ],
)
def test_gpp(text: str, reason: Reason) -> None:
    assert reason_of(decode_gpp, text) is reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", Reason.EMPTY),
        ("2YNN", Reason.BAD_VERSION),
        ("1YN", Reason.TRUNCATED),
        ("1YNNN", Reason.TRAILING_BITS),
        ("1yNN", Reason.BAD_CHARACTER),
    ],
)
def test_usp(text: str, reason: Reason) -> None:
    assert reason_of(decode_usp, text) is reason


def test_ranges_may_touch_and_hold_one() -> None:
    found = decode_tcf(tcf(core(vendor_consents=section((3, 3), (4, 6), (20, 20)))))
    assert list(found.vendor_consents) == [3, 4, 5, 6, 20]
    assert [vendor for vendor in range(30) if vendor in found.vendor_consents] == [3, 4, 5, 6, 20]


@pytest.mark.parametrize("pad", [6, 8, 24])
def test_every_padding_that_encoders_use_is_read(pad: int) -> None:
    assert decode_tcf(base64(core(), pad)) == decode_tcf(GOOD)
