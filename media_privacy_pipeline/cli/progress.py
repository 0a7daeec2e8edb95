"""What a person sees while a run or a slow command goes on: a bar on a terminal, a line a step of a run in a pipe."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

_STEPS = "media_privacy_pipeline.orchestration.assets"


class _Lines(logging.Handler):
    """Each finished step as a line on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        typer.echo(f"  {record.getMessage()}", err=True)


class _Bar(logging.Handler):
    """Finished steps move a bar."""

    def __init__(self, total: int) -> None:
        super().__init__()
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.progress = Progress(
            BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self.progress.add_task("", total=total)

    def emit(self, record: logging.LogRecord) -> None:
        self.progress.update(self._task, advance=1, description=record.getMessage())


@contextmanager
def busy(doing: str) -> Iterator[None]:
    """On a terminal, what is being done and for how long already, while the block runs; it takes itself away again."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        progress.add_task(doing, total=None)
        yield


@contextmanager
def shown(total: int, *, quiet: bool) -> Iterator[None]:
    """Show the steps of a run that end while the block runs; `total` is how many there will be."""
    log = logging.getLogger(_STEPS)
    before = log.level, log.propagate
    log.propagate = False
    if quiet:
        handler: logging.Handler = logging.NullHandler()
    else:
        handler = _Bar(total) if sys.stderr.isatty() else _Lines()
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        if isinstance(handler, _Bar):
            with handler.progress:
                yield
        else:
            yield
    finally:
        log.removeHandler(handler)
        log.level, log.propagate = before
