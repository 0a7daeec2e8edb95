"""Opening the door: drops are read into a work folder, and again without a file that breaks while it is read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from ..engines import Engine, Session
from ..engines.duckdb import DuckDBEngine
from ..errors import PipelineError
from .door import Door
from .drops import Drop
from .reading import Landed, Reader
from .sources import Source


def open_door(
    session: Session, source: Source, days: Sequence[date], drops: Sequence[Drop], let_in: Callable[[Door], None]
) -> None:
    """Read the drops of some days and let them in.

    A Parquet file may be corrupt where only reading shows it. Then the file is named unreadable, and the rest is let
    in. Any other error of the engine is raised.
    """
    reading = _reading(session)
    broken: frozenset[str] = frozenset()
    while True:
        session.settings.work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f"landing-{source.name}-", dir=session.settings.work) as folder:
            reader = Reader(reading, source, session.settings.landing, Path(folder))
            landed: Landed | None = None
            try:
                landed = reader.read(drops, broken)
                let_in(Door(session, source, reading, Path(folder), days, landed))
            except PipelineError:
                found = reader.broken(landed.parquet) if landed is not None else frozenset[str]()
                if not found:
                    raise
                broken |= found
            else:
                return


def _reading(session: Session) -> Engine:
    """DuckDB reads what lands, whichever engine runs the SQL."""
    if session.engine.name == "duckdb":
        return session.engine
    settings = session.settings
    return DuckDBEngine(settings.work, memory_limit=settings.memory_limit, threads=settings.threads)
