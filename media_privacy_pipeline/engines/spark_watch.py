"""A query that has no executor left to run on is ended: Spark itself would wait for one for ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..errors import Refused
from .spark_master import is_connect, is_local

_EVERY = 1.0


class Patience:
    """Counts how long nothing works on a query; `clock` gives seconds."""

    def __init__(self, wait: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._wait = wait
        self._clock = clock
        self._since: float | None = None

    def ended(self, *, idle: bool) -> bool:
        """Whether nothing has worked for longer than `wait`, this look included."""
        if not idle:
            self._since = None
            return False
        if self._since is None:
            self._since = self._clock()
        return self._clock() - self._since >= self._wait


@contextmanager
def watched(spark: Any, master: str, wait: float) -> Iterator[None]:
    """A block in which queries run on a cluster. Raises Refused when they had no executor for `wait` seconds."""
    if is_local(master):
        yield
    elif is_connect(master):
        with _progress_watched(spark, master, wait):
            yield
    else:
        with _executors_watched(spark, master, wait):
            yield


@contextmanager
def _executors_watched(spark: Any, master: str, wait: float) -> Iterator[None]:
    """The driver is here, and knows its executors."""
    from py4j.protocol import Py4JError

    context = spark.sparkContext
    patience, done, gave_up = Patience(wait), threading.Event(), threading.Event()

    def look() -> None:
        with suppress(Py4JError, OSError):
            while not done.wait(_EVERY):
                # The driver counts as one.
                if patience.ended(idle=len(context._jsc.sc().statusTracker().getExecutorInfos()) <= 1):
                    gave_up.set()
                    context.cancelAllJobs()
                    return

    thread = threading.Thread(target=look, name="spark-watch", daemon=True)
    thread.start()
    try:
        yield
    except Exception:
        if gave_up.is_set():
            raise _alone(master, wait) from None
        raise
    finally:
        done.set()
        thread.join()


@contextmanager
def _progress_watched(spark: Any, master: str, wait: float) -> Iterator[None]:
    """The server tells how many tasks run: none, while stages wait, means that there is nowhere to run them."""
    patience = Patience(wait)

    def told(stages: Any, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        waiting = not done and any(stage.num_completed_tasks < stage.num_tasks for stage in stages or ())
        if patience.ended(idle=waiting and inflight_tasks == 0):
            spark.interruptAll()
            raise _alone(master, wait)

    spark.registerProgressHandler(told)
    try:
        yield
    finally:
        spark.removeProgressHandler(told)


def _alone(master: str, wait: float) -> Refused:
    return Refused(
        f"{master}: no executor for {wait:.0f} s; nothing was changed: see whether its workers live, and have what "
        f"MEDIA_PRIVACY_SPARK_EXECUTOR_MEMORY and MEDIA_PRIVACY_SPARK_EXECUTOR_CORES ask for; then run again"
    )
