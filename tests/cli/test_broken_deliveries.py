"""A drop that cannot be read is set aside by name; the rest of the night goes on, and nothing is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cli_fixture import Cli, Night

from media_privacy_pipeline.lake import Lake
from media_privacy_pipeline.published import open_release

DAY = "2026-09-03"


@pytest.fixture
def landing(night: Night, tmp_path: Path) -> Path:
    shutil.copytree(night.landing, tmp_path / "landing")
    return tmp_path / "landing"


def _counted(home: Path, stage: str, reason: str = "") -> int:
    rows = open_release(home).arrow("row_accounting").to_pylist()
    return sum(
        row["rows"]
        for row in rows
        if str(row["arrival_day"]) == DAY
        and row["source"] == "viewing_events"
        and row["stage"] == stage
        and row["reason"].startswith(reason)
    )


def test_a_torn_parquet_file_and_a_csv_with_another_delimiter_are_set_aside(
    night: Night, landing: Path, cli: Cli, tmp_path: Path
) -> None:
    folder, home = landing / "viewing_events" / f"day={DAY}", tmp_path / "torn"
    whole = next(folder.glob("*.parquet"))
    (folder / "torn.parquet").write_bytes(whole.read_bytes()[:-100])
    (folder / "semicolons.csv").write_text(
        "event_id;account_id;title_id;started_at\n" + "e1;a1;t1;2026-09-03T10:00:00Z\n" * 3
    )
    done = cli("run", "--landing", landing, "--home", home)
    assert done.returncode == 0, done.stderr
    assert _counted(home, "accepted") == _counted(night.home, "accepted")
    refused = {s: _counted(home, s) - _counted(night.home, s) for s in ("quarantined", "unreadable_file")}
    # The torn file as a whole; of the other, the file or its three rows.
    assert refused in ({"quarantined": 0, "unreadable_file": 2}, {"quarantined": 3, "unreadable_file": 1})


def test_a_file_that_comes_late_into_a_day_is_taken_in(night: Night, landing: Path, cli: Cli, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "home")
    (landing / "viewing_events" / f"day={DAY}" / "more.jsonl").write_text(
        '{"event_id": "late-1", "account_id": "nobody", "title_id": "none", "started_at": "2026-09-03T10:00:00Z"}\n'
    )
    done = cli("run", "--landing", landing, "--home", home)
    assert done.returncode == 0, done.stderr
    assert _counted(home, "accepted") == _counted(night.home, "accepted") + 1
    assert Lake(home / "lake").rows("title_daily") == Lake(night.home / "lake").rows("title_daily")
