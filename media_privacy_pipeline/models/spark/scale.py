"""Whether what is asked for is beyond the driver, and the files of blocks that it is then cut into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ...engines import Session
from ...engines.executors import Executors
from ...engines.protocol import Input
from ...errors import Refused
from ..config import ScaleConfig

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}
_WHOLE = "whole"
BYTES_A_PAIR = 400
"""Of memory that learning in one process takes for a pair at its peak (measured on two million pairs: 350 for
successors, 270 for a blend)."""


def beyond(session: Session, pairs: int, config: ScaleConfig) -> Executors | None:
    """Executors, where the engine has some and so many pairs are more than the driver takes; otherwise none."""
    if session.engine.name != "spark" or pairs <= config.driver_pairs:
        return None
    from ...engines.spark import SparkEngine

    engine = session.engine
    return engine.executors if isinstance(engine, SparkEngine) else None


def cut(
    executors: Executors,
    sql: str,
    inputs: Mapping[str, Input],
    folder: Path,
    rows: int,
    config: ScaleConfig,
    by: str = "viewer_key",
) -> list[Path]:
    """Files of whole viewers (or accounts), ascending by their key, of a query's so many rows.

    Those that are there already, where a run before was killed after it had cut; the folder holds nothing else.
    """
    whole = folder / _WHOLE
    if not whole.exists():
        for left in folder.glob("*.parquet"):
            left.unlink()
        folder.mkdir(parents=True, exist_ok=True)
        pieces = max(1, -(-rows // config.block_pairs))
        executors.cut(sql, inputs, folder, by=by, then="title_id", pieces=pieces)
        whole.touch()
    return sorted(folder.glob("piece-*.parquet"))


def check_memory(what: str, pairs: int, limit: str) -> None:
    """Raises Refused, before anything is read, where a memory limit ("3GB") has no room for so many pairs."""
    needed, room = pairs * BYTES_A_PAIR, memory(limit)
    if needed > room:
        raise Refused(
            f"{what} is learned on the driver alone: {pairs} pairs would take about {needed / 1e9:.1f} GB there, and "
            f"MEDIA_PRIVACY_MEMORY_LIMIT is {limit}: raise it, or do without {what}"
        )


def memory(limit: str) -> float:
    """Bytes of a memory limit as DuckDB writes it: "3GB", "512 MiB"."""
    found = re.fullmatch(r"\s*([\d.]+)\s*([kmgt]?)i?b?\s*", limit.lower())
    return float("inf") if found is None else float(found[1]) * _UNITS[found[2]]
