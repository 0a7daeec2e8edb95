"""Spark says nothing of its own: not when it starts, not when it fails, not when it stops."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import sys, pyarrow as pa
from pathlib import Path
from media_privacy_pipeline.engines.spark import SparkEngine, stop
from media_privacy_pipeline.errors import PipelineError
engine = SparkEngine(Path(sys.argv[1]))
try:
    engine.fetch("select cast(s as integer) as n from t", {"t": pa.table({"s": ["ann@home.example"]})})
except PipelineError as error:
    print(error)
stop()
"""


@pytest.mark.spark
def test_a_failing_query_leaves_no_word_on_stderr(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path / "work")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith("Spark failed on t with ")
    assert done.stderr == ""
