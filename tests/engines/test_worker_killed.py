"""On a cluster that authenticates and encrypts: a worker that dies costs nothing, and nothing secret shows anywhere."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from cluster_fixture import executors, kill
from cluster_script import DAYS, EMAIL, NUMBERS, SLOW

from media_privacy_pipeline.engines.cluster import Running
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.engines.spark_config import read_properties
from media_privacy_pipeline.keys import Keyring
from media_privacy_pipeline.lake import Lake

pytestmark = pytest.mark.spark
SCRIPT = Path(__file__).with_name("cluster_script.py")


@dataclass
class Drive:
    """What the driver did: its words by their first, command lines of all processes meanwhile, and what it left."""

    folder: Path
    running: Running
    said: dict[str, str] = field(default_factory=dict)
    stderr: str = ""
    commands: list[bytes] = field(default_factory=list)


@pytest.fixture(scope="module")
def driven(tmp_path_factory: pytest.TempPathFactory, started_cluster: Callable[[], Running]) -> Drive:
    """The script, once: one worker is killed when half of a table is made, the other when the next query runs."""
    running = started_cluster()
    folder = tmp_path_factory.mktemp("driver")
    properties = folder / "spark.properties"
    (events := folder / "events").mkdir()
    properties.touch(mode=0o600)
    # A stage of a few rows would be put into one task, and a worker without one dies unnoticed.
    more = {
        "spark.sql.adaptive.coalescePartitions.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.compress": "false",
        "spark.eventLog.dir": events.as_uri(),
    }
    logged = "".join(f"{name} {value}\n" for name, value in more.items())
    properties.write_text((running.folder / "spark.properties").read_text() + logged)
    drive = Drive(folder, running)
    with (folder / "stderr").open("w") as stderr:
        driver = subprocess.Popen(
            [sys.executable, SCRIPT, folder, properties, running.master],
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert driver.stdout is not None
    doomed = ["worker-1", "worker-0"]
    for line in driver.stdout:
        first, _, rest = line.strip().partition(" ")
        drive.said[first] = rest
        if first == "now":
            drive.commands += command_lines()
            assert executors(running, doomed[0])
            kill(running, doomed.pop(0))
    driver.stdout.close()
    assert driver.wait(120) == 0, (folder / "stderr").read_text()
    drive.stderr = (folder / "stderr").read_text()
    assert not doomed
    return drive


def command_lines() -> list[bytes]:
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                found.append((process / "cmdline").read_bytes())
            except OSError:
                continue
    return found


def written(folder: Path) -> dict[str, str]:
    """Every text that processes left: logs of the daemons and executors, and Spark's event log."""
    return {str(file): file.read_text(errors="replace") for file in folder.rglob("*") if file.is_file()}


def test_no_secret_and_no_key_is_on_a_command_line_in_a_log_a_plan_or_an_event(driven: Drive) -> None:
    secret = read_properties(driven.folder / "spark.properties")["spark.authenticate.secret"]
    token = (driven.running.folder / "connect.token").read_text()
    keyring = Keyring.open(driven.folder / "home.keys", create=False)
    root = json.loads((driven.folder / "home.keys").read_text())["root"]
    events = written(driven.folder / "events")
    logs = written(driven.running.folder / "log")
    kept = written(driven.running.folder.with_name("kept"))
    texts = {**events, **logs, **kept, "plan": driven.said["plan"], "stderr": driven.stderr, "stdout": str(driven.said)}
    texts |= {str(n): line.decode(errors="replace") for n, line in enumerate(driven.commands)}
    assert any("SparkListenerApplicationStart" in text for text in events.values())
    assert any("CoarseGrainedExecutorBackend" in text for text in texts.values())
    assert "Aggregate" in driven.said["plan"]
    for hidden in (secret, token, root, keyring.derive("purpose", "training").hex()):
        assert not [name for name, text in texts.items() if hidden in text]


def test_a_value_that_does_not_fit_is_in_no_log_of_the_cluster(driven: Drive) -> None:
    assert driven.said["told"].startswith("Spark failed on people with ")
    assert EMAIL not in str(driven.said) + driven.stderr
    assert not [name for name, text in written(driven.running.folder / "log").items() if EMAIL in text]
    kept = driven.running.folder.with_name("kept")
    assert [name for name in written(kept) if name.endswith("stderr")]
    assert not [name for name, text in written(kept).items() if EMAIL in text]


def test_the_worker_died_while_the_table_was_made(driven: Drive) -> None:
    events = "".join(written(driven.folder / "events").values())
    assert any(f'"Reason":"{how}"' in events for how in ("ExecutorLostFailure", "FetchFailed", "Resubmitted"))


def test_a_table_is_whole_and_equal_though_a_worker_died(driven: Drive, tmp_path: Path) -> None:
    assert "written" in driven.said
    (target := tmp_path / "out").mkdir()
    DuckDBEngine(tmp_path / "work").write(SLOW, {"numbers": NUMBERS}, target, partition_by="day")
    expected = pq.read_table(target).to_pylist()
    files = Lake(driven.folder / "lake").files("toy")
    found = [
        {**row, "day": file.parent.name.partition("=")[2]}
        for file in files
        for row in pq.ParquetFile(file).read().to_pylist()
    ]
    by_title = [
        sorted(({**row, "day": str(row["day"])} for row in rows), key=lambda row: row["title"])
        for rows in (found, expected)
    ]
    assert by_title[0] == by_title[1]
    assert len(found) == 40


def test_lost_tasks_leave_nothing_in_the_lake(driven: Drive) -> None:
    lake = driven.folder / "lake"
    there = {path.relative_to(lake) for path in lake.rglob("*")}
    days = {Path("toy") / f"day={day}" for day in DAYS}
    files = {path for path in there if path.parent in days}
    assert there == {Path("toy")} | days | files
    assert {path.suffix for path in files} == {".parquet", ".json"}
    assert not [path for path in (driven.folder / "work").iterdir() if path.name.startswith("written-")]


def test_a_query_without_any_executor_is_ended_in_words(driven: Drive) -> None:
    assert driven.said["alone"].startswith(f"1 {driven.running.master}: no executor for 4 s; nothing was changed")
