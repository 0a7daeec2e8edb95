"""The session that the steps of the models room are run in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project, load_project


@pytest.fixture(scope="session")
def project() -> Project:
    """The packaged SQL under the packaged policy, read and proved once: it takes a second, and no test changes it."""
    return load_project(Settings().sql, load())


@pytest.fixture
def session(make_session: Callable[..., Session], project: Project) -> Session:
    made = make_session()
    vars(made)["project"] = project
    return made
