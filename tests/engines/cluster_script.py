"""A driver on a cluster, in a process of its own: test_worker_killed.py runs it, and kills workers when it says `now`.

python cluster_script.py FOLDER PROPERTIES MASTER
"""

from __future__ import annotations

import io
import sys
import threading
import time
from contextlib import redirect_stdout
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa

from media_privacy_pipeline.engines.spark import SparkEngine, stop
from media_privacy_pipeline.engines.spark_config import SparkConfig
from media_privacy_pipeline.errors import PipelineError
from media_privacy_pipeline.keys import Keyring, viewer_key
from media_privacy_pipeline.lake import Lake

# Two shuffles, and work enough around them that a worker can die in it.
SLOW = """
with hashed as (select x, x % 40 as title, md5(cast(x as varchar)) as noise from numbers),
watched as (select title, noise, count(*) as plays, sum(x) as total from hashed group by title, noise),
again as (select title, md5(repeat(noise, 4000)) as noise, plays, total from watched),
best as (select title, max(noise) as noise, sum(plays) as plays, sum(total) as total from again group by title)
select title, noise, plays, total, cast(date '2026-01-01' + cast(title % 3 as integer) as date) as day from best
"""
NUMBERS = pa.table({"x": range(8_000)})
DAYS = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)]
EMAIL = "ann@home.example"


def say(*words: object) -> None:
    """One line, at once."""
    print(*words, flush=True)


def tell_when_shuffled(stages: int) -> None:
    """Says `now` once so many stages are over and another runs."""
    from pyspark import SparkContext

    def look() -> None:
        context = SparkContext._active_spark_context
        assert context is not None
        tracker = context.statusTracker()
        before, seen = set(tracker.getActiveStageIds()), set()
        while True:
            active = set(tracker.getActiveStageIds()) - before
            seen |= active
            if len(seen - active) >= stages and active:
                return say("now")
            time.sleep(0.05)

    threading.Thread(target=look, daemon=True).start()


def main(folder: Path, properties: Path, master: str) -> None:
    """A value that does not fit, a plan, a table written while a worker dies, and a query that loses the last one."""
    config = SparkConfig(properties=properties, partitions=6)
    engine = SparkEngine(folder / "work", master=master, memory_limit="512MB", config=config)
    key = Keyring.open(folder / "home.keys").derive("purpose", "training")
    people = pa.table({"email": [EMAIL], "viewer_key": [viewer_key(key, "ann")]})
    try:
        engine.fetch("select cast(email as integer) as n from people", {"people": people})
    except PipelineError as error:
        say("told", error)
    query = "select viewer_key, count(*) as n from people group by viewer_key"
    with engine._frame(query, {"people": people}) as frame, redirect_stdout(plan := io.StringIO()):
        frame.explain(mode="extended")
        frame.toArrow()
    say("plan", repr(plan.getvalue()))

    tell_when_shuffled(1)
    with Lake(folder / "lake").write("toy", "made", DAYS, by="day") as staging:
        engine.write(SLOW, {"numbers": NUMBERS}, staging, partition_by="day")
    say("written")

    tell_when_shuffled(0)
    hasty = SparkEngine(folder / "work", master=master, config=replace(config, wait=4))
    try:
        hasty.fetch(SLOW.replace("4000", "40000"), {"numbers": NUMBERS})
    except PipelineError as error:
        say("alone", error.exit_code, error)
    stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
