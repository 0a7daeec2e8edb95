"""The benchmark of the night runs and tells, at a size that is over in seconds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from media_privacy_pipeline.settings import PROJECT


@pytest.mark.slow
def test_the_night_is_measured_against_a_plain_group_by(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.nightly", "--events", "20000", "--days", "6"]
    command += ["--repeats", "1", "--no-keep", "--work", str(tmp_path / "work")]
    told = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for word in ("ratio", "gigabytes", "growth", "plain GROUP BY", "accept viewing_events", "release title_daily"):
        assert word in told
    assert str(tmp_path) not in told
