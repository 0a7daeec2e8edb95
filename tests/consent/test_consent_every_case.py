"""No case of the specification goes without a test of its number."""

from __future__ import annotations

import re
from pathlib import Path

from consent_cases import CASES as SAID
from consent_signal_cases import CASES as SIGNALLED

TESTS = Path(__file__).parent.parent
NUMBERED = re.compile(r"def test_(?:case_)?((?:\d\d_)+)|^\"\"\"Case (\d\d)")
LAST = 59


def test_each_number_has_a_test() -> None:
    numbers = {int(case.name[:2]) for case in (*SAID, *SIGNALLED)}
    for file in TESTS.rglob("test_*.py"):
        for found in NUMBERED.findall(file.read_text()):
            numbers |= {int(number) for name in found for number in name.split("_") if number}
    missing = set(range(1, LAST + 1)) - numbers
    assert not missing
