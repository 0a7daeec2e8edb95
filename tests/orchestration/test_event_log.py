"""The event log of a headless run: read by others while it is written, and in its own file when the run has ended."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import dagster as dg

from media_privacy_pipeline.orchestration.eventlog import reused_connections
from media_privacy_pipeline.orchestration.instance import open_instance
from media_privacy_pipeline.settings import Settings


def test_events_are_seen_at_once_and_are_in_the_file_after_the_run(settings: Settings, tmp_path: Path) -> None:
    with open_instance(settings) as instance, open_instance(settings) as other, reused_connections(instance):
        for _ in range(3):
            instance.report_runless_asset_event(dg.AssetMaterialization("table"))
            stored = instance.get_latest_materialization_event(dg.AssetKey("table"))
            assert stored is not None
            seen = other.get_latest_materialization_event(dg.AssetKey("table"))
            assert seen == stored
        (index,) = settings.dagster_home.rglob("index.db")
        # Somebody who has the file open must not keep what was written in the log beside it.
        reader = sqlite3.connect(index)
        assert _materialised(reader) == 3
        assert other.event_log_storage.has_table("asset_check_executions")
        assert not instance.event_log_storage.has_table("no_such_table")
    alone = shutil.copy(index, tmp_path / "alone.db")
    assert _materialised(sqlite3.connect(alone)) == 3
    reader.close()


def _materialised(connection: sqlite3.Connection) -> int:
    found = connection.execute("select count(*) from event_logs where asset_key is not null").fetchone()
    return int(found[0])
