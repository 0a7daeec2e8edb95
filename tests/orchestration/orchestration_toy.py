"""Four steps that stand for a night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from media_privacy_pipeline.engines import Session, Span, StepResult
from media_privacy_pipeline.orchestration.step import Step

FIRST, LAST = date(2026, 1, 3), date(2026, 1, 6)

STEPS = (
    Step("accept", "landing", "toy:accept", ("events",), deps=("landed_viewing_events",), daily=True, pool="engine"),
    Step("look", "consent", "toy:look", ("people", "devices"), deps=("events",)),
    Step("permit", "permitted", "toy:permit", ("permitted_events",), deps=("events", "people"), daily=True),
    Step("publish", "published", "toy:publish", ("release",), deps=("permitted_events",), description="The release."),
)


class Toy:
    """What the toy steps were called with, and what they do when it is not the usual."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Span]] = []
        self.instead: dict[str, Callable[[], Any]] = {}

    def step(self, name: str, *tables: str, daily: bool = False) -> Callable[[Session, Span], StepResult]:
        def run(session: Session, span: Span) -> StepResult:
            self.calls.append((name, span))
            if name in self.instead:
                self.instead[name]()
            for table in tables:
                with session.lake.write(table, f"as of {span.as_of}", span.days if daily else None):
                    pass
            return StepResult(dict.fromkeys(tables, 7), metadata={"people_seen": 3})

        return run
