"""Geometry of curves over a scale of powers, such as accuracy by epsilon: pure, as the other charts are."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from .charts import DIGIT, WIDTH, steps_to

Point = tuple[float, float, float]
"""Value, low, high."""


@dataclass(frozen=True)
class Mark:
    """A point of a curve with the whisker of its interval, and what it says."""

    x: float
    y: float
    whisker: tuple[float, float]
    told: str


@dataclass(frozen=True)
class Curve:
    """One curve: its path and points; `kind` is the place of its colour. A level goes right across without a point."""

    label: str
    path: str
    marks: tuple[Mark, ...]
    kind: int


@dataclass(frozen=True)
class Curves:
    """Curves on one pair of scales, and where these are labelled."""

    curves: tuple[Curve, ...]
    x_labels: tuple[tuple[float, str], ...]
    y_labels: tuple[tuple[float, float], ...]
    height: float
    left: float
    right: float


def curves(
    by_x: Mapping[str, Mapping[float, Point]], levels: Mapping[str, float], *, height: float = 260, left: float = 56
) -> Curves:
    """Curves of value by x (each x above zero) on a scale of powers, and levels that no x moves.

    The other scale begins at zero. The scale of x is labelled where any curve has a point.
    """
    steps = steps_to([high for points in by_x.values() for *_, high in points.values()] + [*levels.values()])
    left, right, base = max(left, 12 + DIGIT * max(len(f"{step:,.3g}") for step in steps)), WIDTH - 16, height - 28
    up = (base - 16) / steps[-1]
    xs = sorted({x for points in by_x.values() for x in points})
    span = math.log(xs[-1] / xs[0]) if len(xs) > 1 else 0.0
    # Room at both sides, so that no whisker lies on an axis.
    inner, width = left + 24, right - left - 48

    def at(x: float) -> float:
        return inner + (width * math.log(x / xs[0]) / span if span else width / 2)

    def high(value: float) -> float:
        return base - max(value, 0.0) * up

    drawn: list[Curve] = []
    for label, points in by_x.items():
        marks = tuple(
            Mark(at(x), high(value), (high(low), high(top)), f"{label} at {x:g}: {value:.4f} ({low:.4f} to {top:.4f})")
            for x, (value, low, top) in sorted(points.items())
        )
        drawn.append(Curve(label, "M" + " L".join(f"{m.x:.1f},{m.y:.1f}" for m in marks), marks, len(drawn)))
    for label, value in levels.items():
        drawn.append(Curve(label, f"M{left:.1f},{high(value):.1f} L{right:.1f},{high(value):.1f}", (), len(drawn)))
    return Curves(
        tuple(drawn),
        tuple((at(x), f"{x:g}") for x in xs),
        tuple((high(step), step) for step in steps),
        height,
        left,
        right,
    )
