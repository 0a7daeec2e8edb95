"""Geometry of the charts: pure functions from figures to coordinates; the templates draw them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_NOTHING = 1e-9

WIDTH = 520
"""Width of every chart in its own units; the page scales it."""

DIGIT = 8
"""Width of a digit in these units, in the widest of the fonts that a page may be shown in."""


@dataclass(frozen=True)
class Bar:
    """A horizontal bar with the whisker of its interval."""

    label: str
    value: float
    low: float
    high: float
    y: float
    length: float
    whisker: tuple[float, float]


@dataclass(frozen=True)
class Bars:
    """Bars under one another on one scale."""

    bars: tuple[Bar, ...]
    height: float
    ticks: tuple[tuple[float, float], ...]
    left: float


def bars(rows: Sequence[tuple[str, float, float, float]], *, left: float = 190, row: float = 26) -> Bars:
    """Bars of (label, value, low, high); labels stand left of `left`, the scale starts at zero."""
    top = _top([high for *_, high in rows])
    ticks = _ticks(top)
    span = (WIDTH - left - 16) / max(top, ticks[-1])
    drawn = tuple(
        Bar(label, value, low, high, n * row + 6, value * span, (left + max(low, 0.0) * span, left + high * span))
        for n, (label, value, low, high) in enumerate(rows)
    )
    return Bars(drawn, len(rows) * row + 34, tuple((left + tick * span, tick) for tick in ticks), left)


@dataclass(frozen=True)
class Line:
    """A series by day with its band: SVG paths, and where the axes' labels stand."""

    line: str
    band: str
    x_labels: tuple[tuple[float, str], ...]
    y_labels: tuple[tuple[float, float], ...]
    height: float
    left: float


def line(points: Sequence[tuple[str, float, float, float]], *, height: float = 220, left: float = 56) -> Line:
    """A line of (day, value, low, high) in order of days; labels of the scale stand left of `left`, or further in where
    they are long."""
    top = _top([high for *_, high in points])
    ticks = _ticks(top)
    left = max(left, 12 + DIGIT * max(len(f"{tick:,.0f}") for tick in ticks))
    up, base = (height - 44) / max(top, ticks[-1]), height - 28
    step = (WIDTH - left - 16) / max(len(points) - 1, 1)
    xs = [left + n * step for n in range(len(points))]

    def path(values: Sequence[float]) -> list[str]:
        return [f"{x:.1f},{base - max(value, 0.0) * up:.1f}" for x, value in zip(xs, values, strict=True)]

    upper, lower = path([high for *_, high in points]), path([low for _, _, low, _ in points])
    every = max(1, math.ceil(len(points) / 6))
    return Line(
        line="M" + " L".join(path([value for _, value, _, _ in points])) if points else "",
        band="M" + " L".join([*upper, *reversed(lower)]) + " Z" if points else "",
        x_labels=tuple((xs[n], points[n][0][5:]) for n in range(0, len(points), every)),
        y_labels=tuple((base - tick * up, tick) for tick in ticks),
        height=height,
        left=left,
    )


@dataclass(frozen=True)
class Segment:
    """A piece of a stacked bar; `kind` is the place of its colour in the legend, 0 for what was used."""

    name: str
    value: int
    x: float
    width: float
    kind: int


@dataclass(frozen=True)
class Stack:
    """One bar of a whole, cut in pieces."""

    label: str
    total: int
    segments: tuple[Segment, ...]
    y: float


@dataclass(frozen=True)
class Stacks:
    """Stacked bars of equal length, and the legend that they share."""

    stacks: tuple[Stack, ...]
    legend: tuple[str, ...]
    height: float
    left: float


def stacks(
    rows: Sequence[tuple[str, int, Mapping[str, int]]], *, kinds: int = 6, left: float = 116, row: float = 28
) -> Stacks:
    """Bars of (label, used, withheld by reason): the commonest reasons get a colour each, the rest share the last."""
    totals: dict[str, int] = {}
    for _, _, withheld in rows:
        for reason, n in withheld.items():
            totals[reason] = totals.get(reason, 0) + n
    common = sorted(totals, key=lambda reason: (-totals[reason], reason))
    named = common if len(common) <= kinds else common[: kinds - 1]
    legend = ("used", *named, *(("other reasons",) if len(common) > len(named) else ()))
    drawn = []
    for n, (label, used, withheld) in enumerate(rows):
        pieces = {"used": used} | {name: withheld.get(name, 0) for name in named}
        pieces |= {"other reasons": sum(withheld.values()) - sum(withheld.get(name, 0) for name in named)}
        drawn.append(_stack(label, pieces, legend, left, n * row + 4))
    return Stacks(tuple(drawn), legend, len(rows) * row + 4, left)


def _stack(label: str, pieces: Mapping[str, int], legend: Sequence[str], left: float, y: float) -> Stack:
    total = sum(pieces.values())
    scale, x, segments = (WIDTH - left - 4) / total if total else 0.0, left, []
    for name, value in pieces.items():
        if value:
            segments.append(Segment(name, value, x, value * scale, legend.index(name)))
            x += value * scale
    return Stack(label, total, tuple(segments), y)


def steps_to(highs: Sequence[float]) -> list[float]:
    """The steps of a scale from zero that all of these fit on."""
    return _ticks(_top(highs))


def _top(highs: Sequence[float]) -> float:
    """The end of the scale: 1 where there is nothing, or next to nothing, to show."""
    top = max(highs, default=1.0)
    return top if top > _NOTHING else 1.0


def _ticks(top: float) -> list[float]:
    """About four round steps from zero to at least `top`."""
    raw = top / 4
    magnitude = 10 ** math.floor(math.log10(raw))
    step = next(factor * magnitude for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= raw)
    return [n * step for n in range(math.ceil(top / step - 1e-9) + 1)]
