"""The benchmark of scaling: its zones lean as they say, Spark's events are told by stage, a whole tree is watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from benchmarks.process_tree import Watched
from benchmarks.scaling import main
from benchmarks.skewed import skewed
from benchmarks.spark_events import by_stage, logging_to
from benchmarks.zones import zone_of
from media_privacy_pipeline.engines.spark_config import read_properties


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zone_of(tmp_path_factory.mktemp("zones"), 3_000, 3)


def test_one_title_takes_three_in_ten_events_and_nothing_else_changes(zone: Path) -> None:
    before, after = (_events(place) for place in (zone, skewed(zone, "title")))
    counts = pc.value_counts(after["title_id"].combine_chunks())
    assert 0.27 < max(pc.struct_field(counts, "counts").to_pylist()) / after.num_rows < 0.4
    assert after.drop_columns("title_id").equals(before.drop_columns("title_id"))


def test_a_bot_watches_as_often_as_it_is_told_on_one_day(zone: Path) -> None:
    before, after = (_events(place) for place in (zone, skewed(zone, "bot", 500)))
    assert after.num_rows == before.num_rows + 500
    of_the_bot = after.filter(pc.starts_with(pc.fill_null(after["event_id"], ""), "bot-"))
    assert len(set(of_the_bot["event_id"].to_pylist())) == 500
    assert len(set(of_the_bot["account_id"].to_pylist())) == 1
    assert len(set(of_the_bot["title_id"].to_pylist())) > 50


def test_one_day_comes_ten_times(zone: Path) -> None:
    before, after = (_days(place) for place in (zone, skewed(zone, "day")))
    assert sorted(after[day] / before[day] for day in before) == [1.0, 1.0, 10.0]


def test_tasks_are_told_of_the_stage_in_which_they_began(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_text("spark.authenticate true")
    found = read_properties(logging_to(tmp_path / "log", given))
    assert found["spark.authenticate"] == found["spark.eventLog.enabled"] == "true"
    lines = ['{"Event":"SparkListenerJobStart"}', *(_task(at, took, 100) for at, took in [(99, 1), (101, 4), (205, 2)])]
    (tmp_path / "log" / "events" / "app").write_text("\n".join(lines))
    work = by_stage(tmp_path / "log", [("one", 100.0), ("two", 200.0)])
    assert [(each.shuffled, each.tasks, each.longest_ms) for each in work.values()] == [(100, 1, 4000), (100, 1, 2000)]


def test_the_work_of_children_is_seen() -> None:
    burn = "import time\nheld = bytearray(60_000_000)\nwhile time.process_time() < .9: pass\ntime.sleep(1.5)"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"
    with subprocess.Popen([sys.executable, "-c", nested]) as run, Watched(run.pid) as watched:
        os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOWAIT)
    assert watched.peak > 60_000_000
    assert watched.processor > 0.7


def test_the_night_is_measured(tmp_path: Path, zone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--events", "3000", "--days", "3", "--sides", "DuckDB", "--work", str(zone.parent)])
    told = capsys.readouterr().out
    assert "| 0.003 M | DuckDB |" in told
    assert "| accept viewing_events |" in told
    assert str(tmp_path) not in told


def _events(zone: Path) -> pa.Table:
    return pq.read_table(zone / "viewing_events", partitioning=None)


def _days(zone: Path) -> dict[str, int]:
    return {
        day.name: sum(pq.read_metadata(file).num_rows for file in day.glob("*.parquet"))
        for day in (zone / "viewing_events").iterdir()
    }


def _task(at: float, took: float, shuffled: int) -> str:
    info = {"Launch Time": int(at * 1000), "Finish Time": int((at + took) * 1000)}
    metrics = {"Shuffle Write Metrics": {"Shuffle Bytes Written": shuffled}}
    return json.dumps(
        {"Event": "SparkListenerTaskEnd", "Task Info": info, "Task Metrics": metrics}, separators=(",", ":")
    )
