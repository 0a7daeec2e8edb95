"""What the scripts of all peers share: options, the promise, and how a run is told. Imports nothing of the pipeline."""

from __future__ import annotations

import argparse
import json
import math
import resource
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

EPSILON, DELTA = 1.0, 1e-9
MOST_PLAYS, MOST_SECONDS = 3, 7_200
SHARES = {"viewers": 0.7 / 0.98, "plays": 0.14 / 0.98, "watch_seconds": 0.14 / 0.98}
"""Of the squared mu or the rho, where a peer lets it be chosen: the same as ours among the measures."""


def options(about: str | None) -> argparse.Namespace:
    """Folder of events, where the result goes, bound on an account's cells, first day and days, titles."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--cells", type=int, required=True)
    parser.add_argument("--first", type=date.fromisoformat, required=True)
    parser.add_argument("--days", type=int, required=True)
    parser.add_argument("--titles", type=int, required=True)
    return parser.parse_args()


def days(chosen: argparse.Namespace) -> list[date]:
    """The days of the table."""
    return [chosen.first + timedelta(days=n) for n in range(chosen.days)]


def titles(chosen: argparse.Namespace) -> list[str]:
    """The catalogue."""
    return [f"t{n:06d}" for n in range(chosen.titles)]


def rho() -> float:
    """The zero-concentrated rho that is (EPSILON, DELTA) by rho + 2 sqrt(rho log(1/delta)) (Bun and Steinke 2016)."""
    log = math.log(1 / DELTA)
    return (math.sqrt(log + EPSILON) - math.sqrt(log)) ** 2


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """Wall and processor seconds (children, too, once they have ended) of a piece of work."""
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    return made, {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def tell(took: dict[str, float], children: float = 0.0) -> None:
    """Print what a run took, with its peak memory: this process's, and what is given for those it started."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + children
    print(json.dumps({**took, "peak": peak}))
