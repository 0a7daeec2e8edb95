"""The benchmark of the federated training runs and tells, and its central model ends with the same factors."""

from __future__ import annotations

import pytest

from benchmarks.federated import main


def test_a_federated_training_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--devices", "24", "--corrupt", "0.05", "--staying", "0.8", "--titles", "60", "--factors", "3"])
    told = capsys.readouterr().out
    assert "to the last bit: True" in told
    assert "in the sums: [23, 23]" in told
    assert "epsilon 5.000 at delta 1e-06" in told
    assert told.count("\n| 2 | ") == 1
