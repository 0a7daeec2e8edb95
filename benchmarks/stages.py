"""One measured run in a process of its own: `python -m benchmarks.stages baseline|copy|pipeline ZONE HOME DAYS`.

Prints JSON: the stages with the time they began at (seconds since 1970), their wall and processor seconds, the
process's peak memory in bytes, and by permitted table its rows, and bytes on the disk and in memory.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from .zones import FIRST_DAY

Stage = tuple[str, Callable[[], object]]
_TABLES = ("title_daily", "audience_daily", "discovery_daily")


def baseline(zone: Path, home: Path, _: int) -> list[Stage]:
    """Who watched what on each day, plainly: no checks, no consent; two threads and 3 GB, as the pipeline has."""
    sql = f"""
        create table result as
        select cast(started_at as date) as day, title_id, count(*) as plays, sum(watched_seconds) as seconds,
          count(distinct account_id) as viewers
        from {_raw(zone)}
        group by all"""
    connection = _connect(home)
    return [("group by day, title", lambda: connection.execute(sql))]


def copy(zone: Path, home: Path, _: int) -> list[Stage]:
    """The raw viewing events read and written once, as they are, in the lake's compression: what keeping them costs."""
    connection = _connect(home)
    options = "format parquet, compression zstd, compression_level 1"
    sql = f"copy (select * from {_raw(zone)}) to '{home}/copy.parquet' ({options})"
    return [("copy", lambda: connection.execute(sql))]


def _connect(home: Path) -> Any:
    import duckdb

    home.mkdir(parents=True)
    config = {"threads": "2", "memory_limit": "3GB", "temp_directory": str(home), "preserve_insertion_order": "false"}
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    return connection


def _raw(zone: Path) -> str:
    files = f"{zone}/viewing_events/*/*.parquet".replace("'", "''")
    return f"read_parquet('{files}', hive_partitioning = false, union_by_name = true)"


def pipeline(zone: Path, home: Path, days: int) -> list[Stage]:
    """The night from landing to anonymised tables, without Dagster: the same step functions that its assets call."""
    from media_privacy_pipeline.consent import steps as consent
    from media_privacy_pipeline.engines import Session, Span
    from media_privacy_pipeline.landing import steps as landing
    from media_privacy_pipeline.landing.sources import SOURCES
    from media_privacy_pipeline.privacy import steps as privacy
    from media_privacy_pipeline.settings import Settings

    session = Session(Settings(landing=zone, home=home, keys=home.with_name(f"{home.name}.keys")))
    span = Span.of(FIRST_DAY, FIRST_DAY + timedelta(days=days - 1))
    return [
        *((f"accept {source}", lambda source=source: landing.accept(session, span, source)) for source in SOURCES),
        ("landing accounting", lambda: landing.account(session, span)),
        ("consent ledger", lambda: consent.update_ledger(session, span)),
        ("identify", lambda: consent.identify(session, span)),
        ("timeline", lambda: consent.timeline(session, span)),
        ("permit analytics", lambda: consent.permit(session, span, "analytics")),
        ("account decisions", lambda: consent.account_decisions(session, span)),
        *((f"release {table}", lambda table=table: privacy.release_table(session, span, table)) for table in _TABLES),
    ]


def main() -> None:
    """Run one side and print what it took."""
    side, zone, home, days = sys.argv[1:]
    stages = {"baseline": baseline, "copy": copy, "pipeline": pipeline}[side](Path(zone), Path(home), int(days))
    told = []
    for name, run in stages:
        began, wall, cpu = time.time(), time.perf_counter(), time.process_time()
        run()
        took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        told.append({"stage": name, "began": began, **took})
    # Linux tells kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"stages": told, "peak": peak, "permitted": permitted(Path(home))}))


def permitted(home: Path) -> dict[str, dict[str, int]]:
    """What the permitted tables of a home hold: rows, bytes of their files, and of their columns in Arrow."""
    import pyarrow.parquet as pq

    held = {}
    for table in sorted((home / "lake").glob("permitted_*")):
        files = sorted(table.rglob("*.parquet"))
        held[table.name] = {
            "rows": sum(pq.read_metadata(file).num_rows for file in files),
            "stored": sum(file.stat().st_size for file in files),
            "arrow": sum(pq.read_table(file, partitioning=None).nbytes for file in files),
        }
    return held


if __name__ == "__main__":
    main()
