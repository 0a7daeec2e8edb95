"""A series as eight heights of blocks: a plot that fits into a cell of Dagster's metadata."""

from __future__ import annotations

from ..interactions import Floats

_BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Floats, top: float) -> str:
    """One block a value, from zero to `top`; the lowest where there is nothing."""
    if top <= 0:
        return _BLOCKS[0] * len(values)
    return "".join(_BLOCKS[min(int(value / top * len(_BLOCKS)), len(_BLOCKS) - 1)] for value in values.tolist())
