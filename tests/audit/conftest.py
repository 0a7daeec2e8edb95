"""A policy with one table, so that an audit of all of it is quick."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from media_privacy_pipeline import policy


@pytest.fixture
def one_table(tmp_path: Path) -> Path:
    """The packaged policy with discovery_daily alone."""
    document = yaml.safe_load(policy.PACKAGED.read_text())
    tables = document["releases"]["tables"]
    document["releases"]["tables"] = {"discovery_daily": tables["discovery_daily"]}
    del document["releases"]["budget"]["families"]
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(document))
    return path
