"""The session that the steps of the models room are run in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from media_privacy_pipeline.engines import Session


@pytest.fixture
def session(make_session: Callable[..., Session]) -> Session:
    return make_session()
