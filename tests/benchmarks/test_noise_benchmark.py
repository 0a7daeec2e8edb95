"""The benchmark of the noise runs and tells, at a size that is over in a moment."""

from __future__ import annotations

import pytest

from benchmarks.noise import main


def test_both_samplers_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--draws", "4000", "--repeats", "1", "--days", "1", "--scales", "10", "9001"])
    told = capsys.readouterr().out
    assert "| 10 |" in told
    assert "| 9,001 |" in told
    assert "1 days of 5,000 titles" in told
