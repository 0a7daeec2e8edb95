"""`python -m benchmarks.nightly`: the night from landing to anonymised tables, against a plain GROUP BY.

All sides read the same simulated landing zone, each in a fresh process with two threads: DuckDB's
`GROUP BY day, title` with count, sum and distinct viewers over the raw files, a plain copy of the raw files, and the
pipeline's steps. At two sizes, so that the growth shows. Prints the table and keeps it in benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from .zones import zone_of

HERE = Path(__file__).parent
README = HERE / "README.md"
END = "<!-- end of figures -->"
GOALS = {"ratio": 6.0, "gigabytes": 4.0, "growth": 11.0}
_TENTH = 10


@dataclass(frozen=True)
class Run:
    """One measured process: seconds by stage (wall and processor), and peak memory in bytes."""

    wall: Mapping[str, float]
    cpu: Mapping[str, float]
    peak: int

    @property
    def seconds(self) -> float:
        """Wall seconds of all stages."""
        return sum(self.wall.values())

    @property
    def processor(self) -> float:
        """Processor seconds of all stages."""
        return sum(self.cpu.values())


def measure(side: str, zone: Path, home: Path, days: int) -> Run:
    """Run one side in a fresh process and a fresh home."""
    for leftover in (home, home.with_name(f"{home.name}.keys")):
        shutil.rmtree(leftover, ignore_errors=True)
        leftover.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.stages", side, str(zone), str(home), str(days)]
    done = subprocess.run(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    shutil.rmtree(home, ignore_errors=True)
    by_stage = {clock: {stage["stage"]: stage[clock] for stage in told["stages"]} for clock in ("wall", "cpu")}
    return Run(by_stage["wall"], by_stage["cpu"], told["peak"])


def median(runs: Sequence[Run]) -> Run:
    """The run of the median wall time."""
    middle = statistics.median_low(run.seconds for run in runs)
    return next(run for run in runs if run.seconds == middle)


def table(plain: Mapping[int, Run], copied: Mapping[int, Run], ours: Mapping[int, Run]) -> str:
    """The figures as Markdown."""
    small, large = min(ours), max(ours)
    lines = [
        "| | " + " | ".join(f"{size / 1e6:g} M events" for size in (small, large)) + " | growth |",
        "|---|---:|---:|---:|",
    ]

    def row(name: str, values: Sequence[str], growth: float | None = None) -> None:
        lines.append(f"| {name} | {' | '.join(values)} | {'' if growth is None else f'{growth:.1f} times'} |")

    sizes = (small, large)
    for name, runs in (("plain GROUP BY", plain), ("plain copy", copied), ("landing to anonymised tables", ours)):
        row(f"{name}, wall s", [f"{runs[n].seconds:.1f}" for n in sizes], runs[large].seconds / runs[small].seconds)
        row(
            f"{name}, processor s",
            [f"{runs[n].processor:.1f}" for n in sizes],
            runs[large].processor / runs[small].processor,
        )
        row(f"{name}, peak GB", [f"{runs[n].peak / 1e9:.2f}" for n in sizes])
    row("**ratio, wall**", [f"**{ours[n].seconds / plain[n].seconds:.1f}**" for n in sizes])
    row("ratio to the plain copy, wall", [f"{ours[n].seconds / copied[n].seconds:.1f}" for n in sizes])
    row("ratio, processor", [f"{ours[n].processor / plain[n].processor:.1f}" for n in sizes])
    lines += [
        "",
        "| stage | " + " | ".join(f"wall s, {n / 1e6:g} M" for n in sizes) + f" | processor s, {large / 1e6:g} M |",
    ]
    lines += ["|---|---:|---:|---:|"]
    for stage in ours[large].wall:
        seconds = [f"{ours[n].wall[stage]:.1f}" for n in sizes]
        lines.append(f"| {stage} | {' | '.join(seconds)} | {ours[large].cpu[stage]:.1f} |")
    return "\n".join(lines)


def verdict(plain: Mapping[int, Run], ours: Mapping[int, Run]) -> str:
    """How the figures stand to the goals."""
    small, large = min(ours), max(ours)
    found = {
        "ratio": ours[large].seconds / plain[large].seconds,
        "gigabytes": ours[large].peak / 1e9,
        "growth": ours[large].seconds / ours[small].seconds,
    }
    lines = []
    for name, goal in GOALS.items():
        lines.append(
            f"* {name}: {found[name]:.1f}, goal under {goal:g}: {'met' if found[name] < goal else '**missed**'}"
        )
    spent = ours[large].processor / plain[large].processor
    lines.append(f"* ratio of processor seconds, which other work on the machine does not stretch: {spent:.1f}")
    return "\n".join(lines)


def machine() -> str:
    """What it ran on: cores, memory, versions; nothing that names the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    load = os.getloadavg()[0]
    packages = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "pyarrow", "numpy", "opendp"))
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({platform.machine()}), {memory:.0f} GB, "
        f"{platform.system()}, Python {platform.python_version()}, {packages}; load {load:.1f} when it ended"
    )


def keep(text: str, name: str) -> None:
    """Put the figures of a benchmark between its markers in the README."""
    start = f"<!-- figures: {name} -->"
    before, _, rest = README.read_text().partition(start)
    _, _, after = rest.partition(END)
    README.write_text(f"{before}{start}\n{text}\n{END}{after}")


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.nightly", description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000, help="viewing events; a tenth is measured too")
    parser.add_argument("--days", type=int, default=30, help="arrival days")
    parser.add_argument("--work", type=Path, default=HERE / "work", help="where zones are kept and homes are made")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each side; the median counts")
    parser.add_argument("--keep", action=argparse.BooleanOptionalAction, default=True, help="write README.md")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    plain, copied, ours = dict[int, Run](), dict[int, Run](), dict[int, Run]()
    for events in (options.events // _TENTH, options.events):
        zone = zone_of(options.work.resolve(), events, options.days)
        home = options.work.resolve() / "home"
        for side, results in (("baseline", plain), ("copy", copied), ("pipeline", ours)):
            # One after another, never at once: each has the machine to itself.
            runs = [measure(side, zone, home, options.days) for _ in range(options.repeats)]
            results[events] = median(runs)
            print(f"{events:,} events, {side}: {', '.join(f'{run.seconds:.1f} s' for run in runs)}", flush=True)
    text = f"{machine()}\n\n{verdict(plain, ours)}\n\n{table(plain, copied, ours)}"
    print(text)
    if options.keep:
        keep(text, "nightly")


if __name__ == "__main__":
    main()
