"""A toy night: four steps on an empty SQL project, so that Dagster's part is tested by itself."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import dagster as dg
import pytest
from orchestration_toy import FIRST, LAST, STEPS, Toy

from media_privacy_pipeline.settings import Settings


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Toy:
    toy = Toy()
    module = ModuleType("media_privacy_pipeline.toy")
    vars(module).update(
        accept=toy.step("accept", "events", daily=True),
        look=toy.step("look", "people", "devices"),
        permit=toy.step("permit", "permitted_events", daily=True),
        publish=toy.step("publish"),
    )
    monkeypatch.setitem(sys.modules, "media_privacy_pipeline.toy", module)
    return toy


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A home with an empty SQL project and a landing zone of four days."""
    for folder in ("contracts", "staging", "intermediate", "marts"):
        (tmp_path / "sql" / folder).mkdir(parents=True)
    for day in range(FIRST.day, LAST.day + 1):
        (tmp_path / "landing" / "viewing_events" / f"day=2026-01-{day:02}").mkdir(parents=True)
    return Settings(sql=tmp_path / "sql", lock_wait=0)


@pytest.fixture
def defs(settings: Settings, toy: Toy, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    from media_privacy_pipeline import definitions

    monkeypatch.setattr(definitions, "catalogue", lambda *_: STEPS)
    return definitions.build_defs(**settings.model_dump())
