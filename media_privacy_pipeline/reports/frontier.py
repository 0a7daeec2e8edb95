"""What privacy costs a recommender, as `python -m benchmarks.private_frontier` measured it.

The figures come with the package. They are of a simulated population and of nobody of a home: the same in every release
report.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .curves import Curves, Point, curves

FIGURES = Path(__file__).with_name("private_frontier.json")
"""What the benchmark wrote with --out, to the byte."""
_DRAWN = {"private_als": "private_als", "published": "published settings", "popularity (DP)": "popularity (DP)"}


@dataclass(frozen=True)
class Frontier:
    """The chart, where it is from, and its figures row by row."""

    chart: Curves
    viewers: int
    titles: int
    seeds: int
    delta: float
    on: str
    machine: str
    scaled: int | None
    rows: tuple[dict[str, Any], ...]


def frontier(path: Path = FIGURES) -> Frontier:
    """Recall@20 by epsilon: of private factors, of the settings published by others, of noisy popularity, and the level
    of `ials`, which is not private."""
    found = json.loads(path.read_text(encoding="utf-8"))
    rows, settings = found["figures"], found["settings"]
    by_epsilon: dict[str, dict[float, Point]] = {
        label: {row["epsilon"]: _point(row) for row in rows if row["model"] == model} for model, label in _DRAWN.items()
    }
    levels = {f"{row['model']} (not private)": row["recall"] for row in rows if row["epsilon"] == "none"}
    return Frontier(
        curves({label: points for label, points in by_epsilon.items() if points}, levels),
        settings["viewers"],
        settings["titles"],
        len(settings["seeds"]),
        found["delta"],
        found["on"],
        found["machine"],
        settings["as_if"],
        tuple(rows),
    )


def _point(row: dict[str, Any]) -> Point:
    low, high = row["interval"] or (row["recall"], row["recall"])
    return row["recall"], low, high
