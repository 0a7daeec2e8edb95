"""A query that nothing works on is ended after the wait, and only then."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from media_privacy_pipeline.engines.spark_watch import Patience, watched
from media_privacy_pipeline.errors import Refused


def test_patience_ends_when_nothing_worked_for_so_long() -> None:
    now = 0.0
    patience = Patience(10, clock=lambda: now)
    assert not patience.ended(idle=True)
    now = 9.0
    assert not patience.ended(idle=True)
    assert not patience.ended(idle=False)
    now = 18.0
    assert not patience.ended(idle=True)
    now = 28.0
    assert patience.ended(idle=True)


class Server:
    """As much of a Connect session as the watch uses."""

    def __init__(self) -> None:
        self.handlers: list[Callable[..., None]] = []
        self.interrupted = False

    def registerProgressHandler(self, handler: Callable[..., None]) -> None:
        self.handlers.append(handler)

    def removeProgressHandler(self, handler: Callable[..., None]) -> None:
        self.handlers.remove(handler)

    def interruptAll(self) -> None:
        self.interrupted = True

    def tell(self, completed: int, running: int) -> None:
        stage: Any = SimpleNamespace(num_tasks=4, num_completed_tasks=completed)
        for handler in self.handlers:
            handler(stages=[stage], inflight_tasks=running, operation_id="x", done=False)


def test_tasks_that_wait_with_none_running_end_a_query_on_a_server() -> None:
    server = Server()
    with watched(server, "sc://localhost:1", 0.0):
        server.tell(completed=0, running=1)
        server.tell(completed=4, running=0)
        assert not server.interrupted
        with pytest.raises(Refused, match="sc://localhost:1: no executor for 0 s; nothing was changed"):
            server.tell(completed=1, running=0)
    assert server.interrupted
    assert not server.handlers


def test_in_this_machines_java_nothing_is_watched() -> None:
    with watched(object(), "local[2]", 0.0):
        pass
