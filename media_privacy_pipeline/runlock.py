"""One run at a time on one home: a lock that dies with its process, and says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from .errors import Refused

_POLL_SECONDS = 0.2
# `holder_of` takes the lock for an instant to see whether it is free: even a run that will not wait outlasts that.
_LEAST_WAIT_SECONDS = 0.5


@dataclass(frozen=True)
class Holder:
    """Who holds the lock: process id, what it runs, and since when (UTC, ISO-8601)."""

    pid: int
    command: str
    since: str

    def __str__(self) -> str:
        return f"{self.command} (process {self.pid}, since {self.since})"


@contextmanager
def run_lock(home: Path, command: str, *, wait: float, waiting: Callable[[str], None] | None = None) -> Iterator[None]:
    """Hold HOME/run.lock while the block runs.

    `wait` is how many seconds to wait for another holder; `waiting` is told once who that is. The kernel drops the
    lock when its process dies, however it dies, so a lock is never stale. Raises Refused when the wait is over, or the
    home cannot be written.
    """
    path = home / "run.lock"
    try:
        # Not for everybody: what is in it is about people. Whoever reads what is published needs the group.
        home.mkdir(0o750, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Refused(f"{home}: cannot write to the home: {error.strerror}") from None
    try:
        _acquire(descriptor, path, wait, waiting)
        holder = Holder(os.getpid(), command, datetime.now(UTC).isoformat(timespec="seconds"))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        yield
    finally:
        # Closing drops the lock; the file stays, since removing it would let two processes lock two files of one name.
        os.close(descriptor)


def holder_of(home: Path) -> Holder | None:
    """Who holds the lock of a home at this moment, if anyone does."""
    path = home / "run.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return None if _try(descriptor) else _read(path)
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, wait: float, waiting: Callable[[str], None] | None) -> None:
    deadline = time.monotonic() + max(wait, _LEAST_WAIT_SECONDS)
    told = False
    while not _try(descriptor):
        if time.monotonic() >= deadline:
            raise Refused(f"{path.parent}: another run holds this home: {_read(path)}; wait for it, or end it")
        if not told and waiting is not None and wait > _LEAST_WAIT_SECONDS:
            waiting(f"waiting up to {wait:.0f} s for another run on this home: {_read(path)}")
        told = True
        time.sleep(min(_POLL_SECONDS, max(0.0, deadline - time.monotonic())))


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: Path) -> Holder:
    try:
        return Holder(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        # Between taking the lock and writing its name there is a moment without one.
        return Holder(0, "a run that has just started", "now")
