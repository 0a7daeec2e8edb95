"""The session of a command, and the time that it asks about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from ..engines import Session
    from ..settings import Settings


@contextmanager
def opened(settings: Settings, command: str) -> Iterator[Session]:
    """A session under the home's run lock, see orchestration.session; on standard error it says what it waits for."""
    from ..orchestration import session as room

    with room.opened(settings, f"media-privacy {command}", waiting=lambda said: typer.echo(said, err=True)) as session:
        yield session


def moment_of(session: Session, as_of: str | None = None, otherwise: str = "") -> datetime:
    """The time to ask as of: the one that is given, or the end of the last day taken in.

    Raises UsageError where there is neither; `otherwise` is what else than a run would help.
    """
    from ..errors import UsageError
    from ..orchestration.days import parse_as_of

    given = parse_as_of(as_of)
    if given is not None:
        return given
    days = session.lake.days("accepted_viewing_events")
    if not days:
        raise UsageError(f"{session.settings.home}: nothing was taken in yet: {otherwise}run `media-privacy run` first")
    return datetime.combine(days[-1] + timedelta(days=1), time())
