"""A column that is stored and that nobody declared a use for does not load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from media_privacy_pipeline import policy
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project, load_project

ACCOUNTS: dict[str, Any] = {"columns": {"account_id": "varchar pseudonym", "plan": "varchar behaviour"}}


def accounts(**meta: Any) -> dict[str, Any]:
    return {**ACCOUNTS, "meta": meta}


def test_a_column_that_no_purpose_sees_says_what_it_is_kept_for(project: Callable[..., Project]) -> None:
    assert project({}, accepted_accounts=accounts(kept_for="copies"))
    with pytest.raises(UsageError, match="accepted_accounts: the column account_id is stored and no purpose sees it"):
        project({}, accepted_accounts=accounts())


def test_the_reason_is_one_of_the_policys(project: Callable[..., Project]) -> None:
    with pytest.raises(UsageError, match=r"kept for 'fun', which is none of the policy's: counting, choices"):
        project({}, accepted_accounts=accounts(kept_for="fun"))


def test_a_column_without_a_class_is_refused(project: Callable[..., Project]) -> None:
    table = {"columns": {"mood": "varchar"}, "meta": {"kept_for": "copies"}}
    with pytest.raises(UsageError, match="the column mood is stored and has no privacy class"):
        project({}, accepted_accounts=table)


def test_a_column_without_a_meaning_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the column mood is stored and nothing says what it means"):
        load(tmp_path, "accepted_accounts", {"name": "mood", "meta": {"privacy": "public"}, "description": " "})


def test_a_new_column_planted_in_the_real_contracts_does_not_load(tmp_path: Path) -> None:
    column = {"name": "mood", "description": "How they feel", "meta": {"privacy": "sensitive"}}
    with pytest.raises(UsageError, match=r"accepted_viewing_events: the column mood is stored and no purpose sees it"):
        load(tmp_path / "stored", "accepted_viewing_events", column)
    with pytest.raises(UsageError, match=r"landed_viewing_events: the column mood is read and nothing says what for"):
        load(tmp_path / "read", "landed_viewing_events", column)


def load(root: Path, table: str, column: dict[str, Any]) -> Project:
    """The real contracts with one more column, without the models."""
    (root / "contracts").mkdir(parents=True)
    for path in (Settings().sql / "contracts").glob("*.yml"):
        document = yaml.safe_load(path.read_text())
        for contract in document["models"]:
            if contract["name"] == table:
                contract["columns"] = [*contract["columns"], {"data_type": "varchar", **column}]
        (root / "contracts" / path.name).write_text(yaml.safe_dump(document))
    return load_project(root, policy.load())
