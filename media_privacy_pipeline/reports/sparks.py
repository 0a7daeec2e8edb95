"""Geometry of small charts of what was and what is expected, one a row of a table: pure, as the other charts are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 300, 48
_NOTHING = 1e-9
_EDGE = 3


@dataclass(frozen=True)
class Spark:
    """Paths of a past line, a line ahead and its band; where what is ahead begins; the top of the scale."""

    past: str
    ahead: str
    band: str
    now: float
    top: float


def spark(past: Sequence[float], ahead: Sequence[tuple[float, float, float]]) -> Spark:
    """A row's chart of past values and (value, low, high) ahead, on a scale of its own from zero."""
    top = max([*past, *(high for _, _, high in ahead), _NOTHING])
    step = (WIDTH - 2 * _EDGE) / max(len(past) + len(ahead) - 1, 1)

    def points(first: int, values: Sequence[float]) -> list[str]:
        up = (HEIGHT - 2 * _EDGE) / top
        return [f"{_EDGE + (first + n) * step:.1f},{HEIGHT - _EDGE - v * up:.1f}" for n, v in enumerate(values)]

    begins = len(past)
    upper = points(begins, [high for _, _, high in ahead])
    lower = points(begins, [low for _, low, _ in ahead])
    return Spark(
        _path(points(0, list(past))),
        _path(points(begins, [value for value, _, _ in ahead])),
        f"{_path([*upper, *reversed(lower)])} Z" if ahead else "",
        _EDGE + (begins - 0.5) * step,
        top,
    )


def _path(points: Sequence[str]) -> str:
    return "M" + " L".join(points) if points else ""
