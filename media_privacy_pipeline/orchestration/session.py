"""The session of a run: opened with the run lock held, given to every step, closed whatever happens."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

from ..engines import Session
from ..errors import PipelineError
from ..runlock import run_lock
from ..settings import Settings

log = logging.getLogger(__name__)


@contextmanager
def opened(settings: Settings, command: str, *, waiting: Callable[[str], None] | None = None) -> Iterator[Session]:
    """A session that no other run on this home can disturb; what a crash left behind is swept or finished first.

    Raises Refused when the lock is held by another run for too long, or the home cannot be written.
    """
    # Models and their libraries come with it, and definitions that only load need neither.
    from ..rights.erasure.erasing import resume

    with run_lock(settings.home, command, wait=settings.lock_wait, waiting=waiting or log.warning):
        shutil.rmtree(settings.work, ignore_errors=True)
        settings.work.mkdir(parents=True, exist_ok=True)
        session = Session(settings)
        session.lake.sweep()
        try:
            # An erasure that a crash interrupted has left people half in and half out: before anything reads them.
            resume(session)
            yield session
        finally:
            session.close()


def session_resource(settings: Settings) -> dg.ResourceDefinition:
    """`opened` as a Dagster resource, for runs that the UI or the schedule starts."""

    @dg.resource(description="Settings, policy, keys, lake, SQL project and engine of this home, under its run lock.")
    def session(context: dg.InitResourceContext) -> Iterator[Session]:
        logger = context.log or log
        run = context.run.run_id[:8] if context.run is not None else "?"
        try:
            with opened(settings, f"run {run} in Dagster", waiting=logger.warning) as session:
                yield session
        except PipelineError as error:
            # Dagster masks the error's text in its event log; ours is written to be read.
            logger.error(str(error))
            raise

    return session
