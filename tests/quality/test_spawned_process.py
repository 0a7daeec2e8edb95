"""Validation works in a process without a main file, which is what Dagster's UI runs a job in."""

from __future__ import annotations

import subprocess
import sys


def test_the_validator_starts_where_the_main_module_has_no_file() -> None:
    code = "from media_privacy_pipeline.quality.runner import Runner; Runner(); print('started')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "started\n", done.stderr
