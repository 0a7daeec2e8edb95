"""What becomes of whatever lands is the same on both engines: tables, counts, findings and quarantine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from landing_awkward import awkward, become, erase

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.sql import Project

SOURCES = ("viewing_events",)


@pytest.fixture
def both(
    make_session: Callable[..., Session], project: Project, spark_engine: Engine, landing: Path, tmp_path: Path
) -> list[Session]:
    """Two sessions over the landing zone with the same keys: on DuckDB and on Spark."""
    sessions = [make_session(landing=landing, home=tmp_path / name, keys=tmp_path / "keys") for name in ("one", "many")]
    for session in sessions:
        vars(session)["project"] = project
    vars(sessions[1])["engine"] = spark_engine
    return sessions


@pytest.mark.spark
def test_whatever_lands_becomes_the_same(both: list[Session], landing: Path) -> None:
    awkward(landing, SOURCES)
    found: list[dict[str, Any]] = []
    for session in both:
        erase(session, ("gone",), at=datetime(2026, 3, 3))
        found.append(become(session, SOURCES))
    assert len(found[0]["accepted_viewing_events"][1]) > 20
    assert found[0] == found[1]
