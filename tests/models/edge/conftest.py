"""A model, trained once for all tests of the edge."""

from __future__ import annotations

import pytest
from edge_world import CONFIG, histories

from media_privacy_pipeline.models.private.recommender import PrivateAls


@pytest.fixture(scope="session")
def model() -> PrivateAls:
    return PrivateAls(CONFIG).fit(histories())
