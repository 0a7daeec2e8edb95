"""A process of its own that releases nights within allowances: to be run at once with others, and killed.

python allowance_worker.py FOLDER NIGHTS
"""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import uuid4

from allowance_world import days, desk_of, run

from media_privacy_pipeline.engines.duckdb import DuckDBEngine


def main(folder: Path, nights: int) -> None:
    desk, engine = desk_of(folder), DuckDBEngine(folder / f"work-{uuid4().hex[:8]}", memory_limit="200MB", threads=1)
    print("ready", flush=True)
    for day in days(nights):
        stored = run(desk, engine, [day])[day]
        print(day.isoformat(), stored.sha256, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
