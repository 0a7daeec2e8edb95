"""Through Spark Connect the engine does what it does in this process: every test of an engine is run over it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from cli_fixture import Cli

from media_privacy_pipeline.engines.cluster import Running

HERE = Path(__file__).parent
SUITE = ("test_fetch.py", "test_folders.py", "test_failures.py")


@pytest.mark.spark
def test_the_engines_tests_pass_over_connect_and_no_one_tells_the_token(spark_cluster: Running, tmp_path: Path) -> None:
    told = spark_cluster.connect_environment
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "spark", "--basetemp", tmp_path / "t"]
        + [HERE / name for name in SUITE],
        env={
            **os.environ,
            "TESTS_SPARK_MASTER": told["MEDIA_PRIVACY_SPARK_MASTER"],
            "TESTS_SPARK_TOKEN_FILE": told["MEDIA_PRIVACY_SPARK_TOKEN_FILE"],
        },
        cwd=HERE.parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed.group(1)) >= 12
    token = Path(told["MEDIA_PRIVACY_SPARK_TOKEN_FILE"]).read_text()
    logs = [file.read_text(errors="replace") for file in (spark_cluster.folder / "log").iterdir()]
    assert not [text for text in (done.stdout, done.stderr, *logs) if token in text]


SCRIPT = """
import sys
from pathlib import Path
from media_privacy_pipeline.engines.spark import SparkEngine
from media_privacy_pipeline.engines.spark_config import SparkConfig
from media_privacy_pipeline.errors import PipelineError
config = SparkConfig(token_file=Path(sys.argv[2]), wait=20)
try:
    SparkEngine(Path("work"), master=sys.argv[1], config=config).fetch("select 1 as one", {})
except PipelineError as error:
    print(error.exit_code, error)
"""


@pytest.mark.spark
def test_a_wrong_token_is_refused_in_words(spark_cluster: Running, tmp_path: Path) -> None:
    (wrong := tmp_path / "token").write_text("not-this-one")
    wrong.chmod(0o600)
    assert spark_cluster.connect is not None
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, spark_cluster.connect, wrong],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(f"2 {spark_cluster.connect} does not take our token")
    assert "not-this-one" not in done.stdout + done.stderr
    assert done.stderr == ""


@pytest.mark.spark
def test_the_doctor_asks_executors_what_they_are(spark_cluster: Running, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    done = cli("doctor", "--json", "--home", tmp_path / "home", env=spark_cluster.connect_environment)
    found = {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert found["spark"]["state"] == "good", found["spark"]
    version = found["python"]["said"]
    said = rf"sc://localhost:\d+: Spark 4\.\S+, PySpark 4\.\S+ here; executors: Python {version}, PySpark 4"
    assert re.match(said, found["spark"]["said"])
    assert found["connect"]["state"] == "good"
    assert "none is needed here" in found["java"]["said"]
    assert not list((tmp_path / "home").iterdir())
