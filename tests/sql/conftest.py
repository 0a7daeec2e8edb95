"""A project of a few lines: contracts and models written into tmp_path and loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from media_privacy_pipeline import policy
from media_privacy_pipeline.sql import Project, load_project

TITLES = {
    "columns": {"title_id": "varchar public", "title": "varchar public", "genres": "varchar[] public"},
}
EVENTS = {
    "columns": {
        "event_id": "varchar pseudonym",
        "account_id": "varchar pseudonym",
        "title_id": "varchar behaviour",
        "country": "varchar quasi_identifier",
        "started_at": "timestamp behaviour",
        "watched_seconds": "integer behaviour",
        "arrival_day": "date public",
    },
    "meta": {"partition_by": "arrival_day", "kept_for": "counting"},
}
ACCOUNTS = {
    "columns": {"account_id": "varchar pseudonym", "email": "varchar direct_identifier", "plan": "varchar behaviour"},
    "meta": {"kept_for": "copies"},
}
SMALL = {"accepted_titles": TITLES, "accepted_viewing_events": EVENTS, "accepted_accounts": ACCOUNTS}

# The packaged purposes without their columns: these few tables have no permitted ones.
_PACKAGED = policy.load()
_POLICY = _PACKAGED.model_copy(
    update={"purposes": {name: p.model_copy(update={"columns": {}}) for name, p in _PACKAGED.purposes.items()}}
)


def contract(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """The YAML form of `{columns: {name: "type class"}, meta: {...}}`."""
    columns = []
    for column, words in table["columns"].items():
        kind, _, privacy = words.partition(" ")
        meta = {"meta": {"privacy": privacy}} if privacy else {}
        columns.append({"name": column, "data_type": kind, "description": f"{column} of a test", **meta})
    return {
        "name": name,
        "description": "A test.",
        "meta": {"group": "test", **table.get("meta", {})},
        "columns": columns,
    }


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """`project({"mart": "select ..."}, mart={...})`: load models over three small accepted tables."""

    def load(models: Mapping[str, str], **tables: Mapping[str, Any]) -> Project:
        root = tmp_path / "dbt_like_sql"
        for layer in ("contracts", "staging", "intermediate", "marts"):
            (root / layer).mkdir(parents=True, exist_ok=True)
        contracts = [contract(name, table) for name, table in {**SMALL, **tables}.items()]
        (root / "contracts" / "test.yml").write_text(yaml.safe_dump({"version": 2, "models": contracts}))
        for name, text in models.items():
            (root / "marts" / f"{name}.sql").write_text(text)
        return load_project(root, _POLICY)

    return load
