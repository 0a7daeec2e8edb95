"""The benchmark of the edge bundle runs and tells."""

from __future__ import annotations

import pytest

from benchmarks.edge import main


def test_a_bundle_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--titles", "60", "--factors", "4"])
    assert "| 60 | 4 | 1 | 1 | " in capsys.readouterr().out
