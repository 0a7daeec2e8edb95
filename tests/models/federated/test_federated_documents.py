"""The example of the document runs, and gives what is printed there."""

from __future__ import annotations

import doctest
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs" / "federated.md"


def test_the_documented_example_runs() -> None:
    results = doctest.testfile(str(DOCS), module_relative=False, raise_on_error=True, encoding="utf-8")
    assert results.attempted > 10
