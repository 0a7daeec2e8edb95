"""No table that knows people is forgotten: it is handed over, or it is said why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.rights.access.people import person_of
from media_privacy_pipeline.rights.access.stored import ELSEWHERE, stored
from media_privacy_pipeline.rights.places import How, place_of
from media_privacy_pipeline.sql import Contract

PERSONAL = frozenset(
    {"account_id", "profile_id", "device_id", "session_id", "subject_no", "account_ref", "profile_ref", "device_ref"}
    | {"subject_ref", "viewer_key", "account_key"}
)
"""Names of columns that tell people apart."""

NEVER_STORED = {"subject_refs", "purpose_keys", "landing_keys"}
"""Made in memory while a step runs, as their contracts say."""


def test_each_stored_table_that_tells_people_apart_leads_to_them(house: Session) -> None:
    contracts = house.project.contracts
    knowing = {name for name, contract in contracts.items() if PERSONAL & contract.types.keys()}
    passing = {name for name in knowing if name in NEVER_STORED or contracts[name].meta.group == "landing_zone"}
    forgotten = {name for name in knowing - passing if not leads(house, contracts[name]) and name not in ELSEWHERE}
    assert forgotten == set()
    assert ELSEWHERE.keys() <= contracts.keys()


def leads(house: Session, contract: Contract) -> bool:
    """Whether a person's rows of a table can be found; those of the ledger are asked of the ledger itself."""
    place = place_of(house.project, contract)
    if place is None or contract.name == "consent_ledger":
        return place is not None
    return place.how is How.by_account or (place.how is How.by_key and "viewer_key" in place.columns)


def test_each_pseudonym_of_the_contracts_is_known_as_one(house: Session) -> None:
    """A new kind of key must be one of those that are looked for; ids of events and evidence lead to no person."""
    other = {"event_id", "consent_event_id", "request_id", "event_ref", "evidence_ref", "payload_hash"}
    pseudonyms = {
        column.name
        for contract in house.project.contracts.values()
        if contract.meta.group not in ("landing_zone", "landing_work") and contract.name not in NEVER_STORED
        for column in contract.columns
        if column.privacy is not None and column.privacy.value == "pseudonym"
    }
    assert pseudonyms - other <= PERSONAL


def test_private_sessions_of_the_household_are_for_its_holder_alone(house: Session) -> None:
    whole, one = person_of(house, "a1", None), person_of(house, "a1", "p1")
    assert "private_sessions" in {held.name for held in stored(house, whole)}
    assert "private_sessions" not in {held.name for held in stored(house, one)}


@pytest.mark.spark
def test_both_engines_find_the_same(house: Session, spark_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    person = person_of(house, "a1", "p1")
    spark = Session(house.settings)
    # One table for each way in which a table holds people.
    some = ("accepted_consent_events", "permitted_training_viewing_events")
    known = house.project.contracts
    project = replace(house.project, contracts={name: known[name] for name in some})
    spark.__dict__.update(engine=spark_engine, project=project)
    here = [held.rows for held in stored(house, person) if held.contract.name in some]
    assert [held.rows for held in stored(spark, person)] == here
    assert all(rows.num_rows for rows in here)
