"""Whose rows a table has is read off its contract; a table that nobody could be erased from is refused."""

from __future__ import annotations

import pyarrow as pa
import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.keys import Keyring
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.rights.erasure.finding import resolved
from media_privacy_pipeline.rights.erasure.people import People, Person
from media_privacy_pipeline.rights.places import How, Place, place_of
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Contract, Project, load_project


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Settings().sql, load())


def contract(project: Project, columns: dict[str, str], **meta: str) -> Contract:
    base = project.contracts["accepted_titles"]
    described = [
        {"name": name, "data_type": "varchar", "description": name, "meta": {"privacy": privacy}}
        for name, privacy in columns.items()
    ]
    return Contract.model_validate(
        {"name": base.name, "description": "x", "meta": {"group": "landing", **meta}, "columns": described}
    )


def test_every_stored_table_with_people_in_it_has_a_way_to_erase_them(project: Project) -> None:
    stored = [c for c in project.contracts.values() if c.meta.group != "landing_zone"]
    found = {c.name: place for c in stored if (place := place_of(project, c)) is not None}
    how = {kind: {name for name, place in found.items() if place.how is kind} for kind in How}
    assert how[How.kept] == {"consent_ledger", "suppressed_subjects"}
    assert how[How.remade] == {"consent_devices", "consent_words", "consent_spans"}
    assert {"recommendations", "viewer_segments", "training_interactions"} <= how[How.by_key]
    assert {name for name in found if name.startswith("permitted_")} <= how[How.by_key]
    assert {name for name in project.contracts if name.startswith("accepted_")} - {"accepted_titles"} <= how[
        How.by_account
    ]
    assert not {"title_daily", "row_accounting", "model_metrics", "accepted_titles"} & found.keys()


def test_a_table_of_people_without_a_way_to_find_them_is_refused(project: Project) -> None:
    with pytest.raises(UsageError, match=r"holds people \(nickname\), and nothing tells whose"):
        place_of(project, contract(project, {"nickname": "direct_identifier", "plan": "behaviour"}))
    with pytest.raises(UsageError, match="viewer_key"):
        place_of(project, contract(project, {"viewer_key": "pseudonym"}))
    assert place_of(project, contract(project, {"viewer_key": "pseudonym"}, purpose="training")) is not None


def test_where_only_accounts_are_told_apart_a_profile_is_erased_by_making_the_table_anew() -> None:
    sessions = Place("private_sessions", How.by_account, ("account_id",))
    household = People([Person("a", None, ("main",))])
    assert resolved(sessions, household) == sessions
    assert resolved(sessions, People([Person("a", "kid", ("kid",))])).how is How.remade


def test_everybody_has_the_number_of_their_place_under_each_name() -> None:
    people = People([Person("a", None, ("main", "kid")), Person("b", "kid", ("kid",))])
    keyring = Keyring(b"k" * 32)
    keys = people.keys(keyring, "training")
    expected = keyring.viewer_keys("training", [("a", "main"), ("a", "kid"), ("b", "kid")])
    assert [keys[key] for key in expected] == [0, 0, 1]
    assert keys[keyring.account_keys("training", ["a"])[0]] == 0
    assert keyring.account_keys("training", ["b"])[0] not in keys
    assert pa.array(list(keys)).null_count == 0
