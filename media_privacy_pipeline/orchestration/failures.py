"""How a step fails in Dagster: a refusal is never tried again, a passing trouble is, and no message tells a value."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import traceback
from pathlib import Path
from types import TracebackType

import dagster as dg

from ..errors import PipelineError

log = logging.getLogger(__name__)

RETRIES = 2
_RETRY_SECONDS = 5
_PASSING = {errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ETIMEDOUT, errno.ESTALE, errno.EIO}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_NOTHING = 2**20
_ROOT = Path(__file__).resolve().parent.parent


def mask_errors() -> None:
    """Keep the text of errors that are not ours out of Dagster's event log, and out of the log where it puts them then.

    What a step raises is worded by ToldSafely already; this is for all else that may fail.
    """
    os.environ["DAGSTER_REDACT_USER_CODE_ERRORS"] = "1"
    shown = logging.NOTSET if os.environ.get("MEDIA_PRIVACY_DEBUG") else logging.CRITICAL + 1
    logging.getLogger("dagster.redacted_errors").setLevel(shown)


class ToldSafely:
    """A block in which a step runs; whatever it raises becomes what Dagster may store.

    Our own errors are written to be read, and are passed on whole; others may quote rows, so only their kind and the
    place in our code are told. MEDIA_PRIVACY_DEBUG=1 writes the full traceback to standard error. A retry policy would
    also retry a refusal and Ctrl-C; hence retries are asked for here, by the nature of the trouble.
    """

    def __init__(self, step: str, home: Path) -> None:
        self._step = step
        self._home = home

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        """Raise dg.Failure, or dg.RetryRequested for a passing trouble, in the place of an error."""
        if not isinstance(error, Exception):
            return
        if os.environ.get("MEDIA_PRIVACY_DEBUG"):
            traceback.print_exception(error)
        if isinstance(error, PipelineError):
            raise _failure(str(error), error.exit_code) from None
        if is_full(error, self._home):
            raise _failure("the disk is full; this step changed nothing: free some space and run again", 1) from None
        if is_passing(error):
            log.warning("%s: %s; trying again", self._step, type(error).__name__)
            raise dg.RetryRequested(max_retries=RETRIES, seconds_to_wait=_RETRY_SECONDS) from None
        message = f"{type(error).__name__} at {_place(error)}; MEDIA_PRIVACY_DEBUG=1 shows the whole error"
        raise _failure(message, 1) from None


def is_full(error: BaseException, home: Path) -> bool:
    """Whether an error, or one behind it, is a disk without space.

    Engines say so in words of their own, and SQLite calls it an I/O error: then the disk itself is asked.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in _FULL:
            return True
        text = str(seen).lower()
        if "no space left on device" in text or "database or disk is full" in text:
            return True
        if "disk i/o error" in text and shutil.disk_usage(home).free < _NOTHING:
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def is_passing(error: BaseException) -> bool:
    """Whether trying again may help: connections, timeouts, a busy database or disk."""
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if isinstance(error, OSError):
        return error.errno in _PASSING
    return type(error).__name__ == "OperationalError" and "locked" in str(error)


def _failure(message: str, exit_code: int) -> dg.Failure:
    return dg.Failure(message, metadata={"exit_code": exit_code}, allow_retries=False)


def _place(error: BaseException) -> str:
    """The innermost line of our own code that the error passed through."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(_ROOT)
    ]
    if not frames:
        return "an unknown place"
    return f"{Path(frames[-1].filename).relative_to(_ROOT.parent)}:{frames[-1].lineno}"
