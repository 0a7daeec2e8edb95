"""A step as the catalogue lists it: which function makes which tables from which others."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..engines import Session, Span, StepResult


@dataclass(frozen=True)
class Step:
    """One row of the catalogue.

    `function` is `room.module:name`, called as name(session, span, *arguments). It is looked up when the step runs, so
    that loading the definitions imports no engine, no model library and no validator.
    """

    name: str
    group: str
    function: str
    tables: tuple[str, ...]
    deps: tuple[str, ...] = ()
    """What it reads as far as no SQL of ours says so."""
    read: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What each of its tables that SQL makes reads, read off the SQL."""
    arguments: tuple[str, ...] = ()
    daily: bool = False
    """Whether its assets are partitioned by arrival day."""
    kinds: tuple[str, ...] = ("parquet",)
    pool: str | None = None
    """What it is heavy on, if it is: runs that share an instance take turns."""
    description: str = ""
    """For assets that are no table of the lake and hence have no contract."""

    def deps_of(self, table: str) -> list[str]:
        """The assets that one of its tables is made from; tables of the same step among them."""
        return [dep for dep in dict.fromkeys((*self.deps, *self.read.get(table, ()))) if dep != table]

    def load(self) -> Callable[..., StepResult]:
        """The function behind the step."""
        module, _, name = self.function.partition(":")
        found: Callable[..., StepResult] = getattr(importlib.import_module(f"media_privacy_pipeline.{module}"), name)
        return found

    def run(self, session: Session, span: Span) -> StepResult:
        """Run the step."""
        return self.load()(session, span, *self.arguments)
