"""`media-privacy audit` says what it tried, and ends with 1 where something is found."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
from cli_fixture import Cli, Night


def test_a_home_whose_release_was_changed_is_found(night: Night, cli: Cli, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "harmed")
    (file, *_) = sorted((home / "lake" / "discovery_daily").rglob("*.parquet"))
    pq.write_table(pq.read_table(file, partitioning=None).slice(1), file)
    done = cli("audit", "--home", home, "--json")
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert not found["held"]
    failed = [(each["check"], each["target"]) for each in found["findings"] if not each["passed"]]
    assert failed == [("stored_as_paid", "discovery_daily")]
    assert {"rows_landed", "rows_decided", "canaries"} <= {each["check"] for each in found["findings"]}


def test_an_engine_that_does_not_exist_is_a_wrong_request(cli: Cli) -> None:
    done = cli("audit", "--engine", "abacus")
    assert done.returncode == 2
    assert "there are duckdb and spark" in done.stderr
