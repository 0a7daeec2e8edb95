"""One Spark session a process: every thread gets it, and one whose Java has died is replaced by a new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest

from media_privacy_pipeline.engines import Engine


@pytest.mark.spark
def test_another_thread_uses_the_same_session(spark_engine: Engine) -> None:
    from pyspark import SparkContext

    before, found = SparkContext._gateway, []
    thread = Thread(target=lambda: found.append(spark_engine.fetch("select 1 as one", {}).to_pylist()))
    thread.start()
    thread.join()
    assert found == [[{"one": 1}]]
    assert SparkContext._gateway is before
    assert spark_engine.fetch("select 2 as two", {}).to_pylist() == [{"two": 2}]


SCRIPT = """
import sys
from pathlib import Path
from media_privacy_pipeline.engines.spark import SparkEngine, stop
from media_privacy_pipeline.errors import PipelineError
engine = SparkEngine(Path("work"), memory_limit="512MB")
engine.fetch("select 1 as one", {})
from pyspark import SparkContext
print(SparkContext._gateway.proc.pid, flush=True)
sys.stdin.readline()
for _ in range(2):
    try:
        print(engine.fetch("select 2 as two", {}).to_pylist(), flush=True)
    except PipelineError as error:
        print(error.exit_code, error, flush=True)
stop()
"""


@pytest.mark.spark
def test_a_session_whose_java_died_is_replaced(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", SCRIPT],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        os.kill(int(process.stdout.readline()), signal.SIGKILL)
        out, err = process.communicate("\n", timeout=240)
    assert out.splitlines()[-1] == "[{'two': 2}]", out + err
    assert process.returncode == 0
    assert "Traceback" not in err
