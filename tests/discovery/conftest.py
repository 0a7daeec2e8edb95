"""The session that the index step is run in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import load_project


@pytest.fixture
def session(make_session: Callable[..., Session]) -> Session:
    made = make_session()
    vars(made)["project"] = load_project(Settings().sql, load())
    return made
