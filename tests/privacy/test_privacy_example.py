"""The example in the charter of the room runs as it is printed."""

from __future__ import annotations

import doctest

import pytest

from media_privacy_pipeline import privacy


def test_the_documented_example_runs(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    results = doctest.testmod(privacy, raise_on_error=True)
    assert results.attempted > 10
