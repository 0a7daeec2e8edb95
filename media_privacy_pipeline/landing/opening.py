"""Opening the door: drops are read into a work folder, and again without a file that breaks while it is read."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from ..engines import Session
from ..errors import PipelineError
from .door import Door
from .drops import Drop
from .landed import Landed
from .reading import Reader
from .sources import Source
from .spreading import SpreadReader


def open_door(
    session: Session, source: Source, days: Sequence[date], drops: Sequence[Drop], let_in: Callable[[Door], None]
) -> None:
    """Read the drops of some days and let them in.

    A Parquet file may be corrupt where only reading shows it. Then the file is named unreadable, and the rest is let
    in. Any other error of the engine is raised.
    """
    session.settings.work.mkdir(parents=True, exist_ok=True)
    if session.engine.name == "spark":
        with _folder(session, source) as folder:
            landed = SpreadReader(session.engine, source, session.settings.landing, Path(folder)).read(drops)
            let_in(Door(session, source, Path(folder), days, landed))
        return
    broken: frozenset[str] = frozenset()
    while True:
        with _folder(session, source) as folder:
            reader = Reader(session.engine, source, session.settings.landing, Path(folder))
            landed_here: Landed | None = None
            try:
                landed_here = reader.read(drops, broken)
                let_in(Door(session, source, Path(folder), days, landed_here))
            except PipelineError:
                found = reader.broken(landed_here.parquet) if landed_here is not None else frozenset[str]()
                if not found:
                    raise
                broken |= found
            else:
                return


def _folder(session: Session, source: Source) -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix=f"landing-{source.name}-", dir=session.settings.work)
