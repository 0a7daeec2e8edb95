"""A session over an empty landing zone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project, load_project


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    """An empty landing zone."""
    folder = tmp_path / "landing"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def project() -> Project:
    """The project under the packaged policy: read once, as it takes longer than most tests."""
    return load_project(Settings().sql, load())


@pytest.fixture
def session(landing: Path, make_session: Callable[..., Session], project: Project) -> Session:
    """A session over it, on DuckDB."""
    session = make_session(landing=landing)
    vars(session)["project"] = project
    return session


@pytest.fixture
def either(session: Session, engine: Engine) -> Session:
    """A session over it, on each engine in turn."""
    vars(session)["engine"] = engine
    return session
