"""Spares Great Expectations from writing out an expectation a hundred times while it is evaluated."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def configured_once() -> Iterator[None]:
    """Within the block each expectation is written out as a configuration once.

    Great Expectations 1.24 asks an expectation for its configuration anew for each of its arguments, some hundred times
    an evaluation, and builds it each time: a third of the time of checking a table. No expectation changes meanwhile.
    """
    from great_expectations.expectations.expectation import Expectation

    written = Expectation.configuration
    kept: dict[int, tuple[Any, Any]] = {}

    def configuration(self: Any) -> Any:
        if id(self) not in kept:
            # With the expectation itself, so that its id is nobody else's as long as the block lasts.
            kept[id(self)] = self, written.fget(self)
        return kept[id(self)][1]

    Expectation.configuration = property(configuration)
    try:
        yield
    finally:
        Expectation.configuration = written
