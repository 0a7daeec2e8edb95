"""`python -m benchmarks.scaling`: the night on DuckDB, on Spark in one process and on a cluster, at several sizes.

The same landing zones and stages as benchmarks.nightly. Each side is one fresh process; its memory and processor time
are those of everything that descends from it (and of the cluster's processes), its shuffled bytes are from Spark's
event log. Prints tables for docs/scaling.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from media_privacy_pipeline.engines.cluster import Size, cluster

from .nightly import HERE, machine
from .process_tree import Watched
from .skewed import KINDS, skewed
from .spark_events import Work, by_stage, logging_to
from .zones import zone_of

SIDES = ("DuckDB", "Spark local", "Spark cluster")
_PROPERTIES = "MEDIA_PRIVACY_SPARK_PROPERTIES"
_PORT = 17077
PURPOSE = "permitted_analytics_viewing_events"


@dataclass(frozen=True)
class Measured:
    """One run: wall seconds by stage, processor seconds and peak bytes of all its processes, work by stage (none on
    DuckDB), and rows and bytes of what analytics may see."""

    wall: Mapping[str, float]
    processor: float
    peak: int
    work: Mapping[str, Work]
    permitted: Mapping[str, int]

    @property
    def seconds(self) -> float:
        """Wall seconds of all stages."""
        return sum(self.wall.values())

    @property
    def shuffled(self) -> int:
        """Bytes written for shuffles."""
        return sum(work.shuffled for work in self.work.values())


def measure(zone: Path, home: Path, days: int, side: str) -> Measured:
    """Run the pipeline's stages on a side, in a fresh process and a fresh home."""
    spark = home.with_name(f"{home.name}-spark")
    for leftover in (home, home.with_name(f"{home.name}.keys"), spark):
        shutil.rmtree(leftover, ignore_errors=True) if leftover.is_dir() else leftover.unlink(missing_ok=True)
    with _settings(side, spark) as (environment, others):
        command = [sys.executable, "-m", "benchmarks.stages", "pipeline", str(zone), str(home), str(days)]
        run = subprocess.Popen(
            command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, env={**os.environ, **environment}
        )
        with Watched(run.pid, *others) as watched:
            out, _ = run.communicate()
    if run.returncode:
        raise SystemExit(f"{side}: the pipeline ended with {run.returncode}")
    told = json.loads(out.splitlines()[-1])
    began = [(stage["stage"], stage["began"]) for stage in told["stages"]]
    work = by_stage(spark, began) if side != "DuckDB" else {}
    shutil.rmtree(home)
    shutil.rmtree(spark, ignore_errors=True)
    wall = {stage["stage"]: stage["wall"] for stage in told["stages"]}
    return Measured(wall, watched.processor, watched.peak, work, told["permitted"][PURPOSE])


@contextmanager
def _settings(side: str, folder: Path) -> Iterator[tuple[Mapping[str, str], Sequence[int]]]:
    """The settings under which a run is on a side, and the processes that then work for it: a cluster of two workers
    with a core each lives as long as the block."""
    if side == "DuckDB":
        yield {"MEDIA_PRIVACY_ENGINE": "duckdb"}, ()
    elif side == "Spark local":
        local = {"MEDIA_PRIVACY_ENGINE": "spark", "MEDIA_PRIVACY_SPARK_MASTER": "local[2]"}
        yield {**local, _PROPERTIES: str(logging_to(folder))}, ()
    else:
        with cluster(folder / "cluster", port=_PORT, size=Size(memory="2g")) as running:
            given = dict(running.environment)
            given[_PROPERTIES] = str(logging_to(folder, Path(given[_PROPERTIES])))
            yield given, list(running.pids.values())


def summary(found: Mapping[tuple[str, str], Measured]) -> str:
    """A line a zone and side."""
    lines = [
        "| events | engine | wall s | processor s | peak GB | shuffled, bytes an event | of the permitted columns' |"
        " spilled GB |",
        "|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for (zone, side), run in found.items():
        rows = run.permitted["rows"]
        shuffle = ["", ""]
        if run.shuffled:
            shuffle = [f"{run.shuffled / rows:.0f}", f"{run.shuffled / run.permitted['arrow']:.2f}"]
        spilled = sum(work.spilled for work in run.work.values()) / 1e9
        cells = [zone, side, f"{run.seconds:.0f}", f"{run.processor:.0f}", f"{run.peak / 1e9:.2f}", *shuffle]
        lines.append("| " + " | ".join([*cells, f"{spilled:.2f}" if run.shuffled else ""]) + " |")
    return "\n".join(lines)


def stages(found: Mapping[tuple[str, str], Measured]) -> str:
    """Wall seconds by stage and side, and what each stage shuffled, for one zone."""
    sides = {side: run for (_, side), run in found.items()}
    spark = next((run for run in sides.values() if run.shuffled), None)
    extra = ["shuffled MB", "longest task, of the mean"] if spark is not None else []
    lines = ["| stage | " + " | ".join([*(f"{side}, s" for side in sides), *extra]) + " |"]
    lines.append("|---|" + "---:|" * (len(sides) + len(extra)))
    for stage in next(iter(sides.values())).wall:
        cells = [f"{run.wall[stage]:.1f}" for run in sides.values()]
        if spark is not None:
            work = spark.work[stage]
            lean = work.longest_ms * work.tasks / work.all_ms if work.all_ms else 0.0
            cells += [f"{work.shuffled / 1e6:.1f}", f"{lean:.1f}" if work.tasks else ""]
        lines.append(f"| {stage} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument(
        "--events", type=int, nargs="+", default=[1_000_000, 10_000_000], help="viewing events of zones"
    )
    parser.add_argument("--days", type=int, default=30, help="arrival days")
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES), help="what to run on")
    parser.add_argument("--skews", nargs="*", choices=KINDS, default=[], help="also the smallest zone, made to lean")
    parser.add_argument("--bot-events", type=int, default=1_000_000, help="events of the bot, on one day")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where zones are kept and homes are made")
    chosen = parser.parse_args(arguments)
    work = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    zones = {f"{events / 1e6:g} M": zone_of(work, events, chosen.days) for events in chosen.events}
    name, small = next(iter(zones.items()))
    zones |= {f"{name}, {kind}": skewed(small, kind, chosen.bot_events) for kind in chosen.skews}
    found: dict[tuple[str, str], Measured] = {}
    for zone, place in zones.items():
        for side in chosen.sides:
            found[zone, side] = measure(place, work / "home-scaling", chosen.days, side)
            if found[zone, side].permitted["rows"] != found[zone, chosen.sides[0]].permitted["rows"]:
                raise SystemExit(f"{zone}: {side} permits other rows than {chosen.sides[0]}")
            print(f"{zone}, {side}: {found[zone, side].seconds:.0f} s", file=sys.stderr, flush=True)
    print(machine(), summary(found), sep="\n\n")
    for zone in zones:
        print(f"\n{zone}:\n", stages({key: run for key, run in found.items() if key[0] == zone}), sep="\n")


if __name__ == "__main__":
    main()
