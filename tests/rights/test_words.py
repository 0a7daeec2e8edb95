"""Whatever is decided, there are plain words for it."""

from __future__ import annotations

from media_privacy_pipeline.consent.reasons import REASONS
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.policy import Basis
from media_privacy_pipeline.rights.access import words
from media_privacy_pipeline.rights.access.answer import KINDS

OF_ONE_EVENT = {"private_session", "hidden_title", "not_permitted", "outside_window"}
"""Reasons against an event, never against a purpose as a whole."""


def test_each_reason_that_a_purpose_may_stand_under_has_an_answer() -> None:
    assert words.ANSWERS.keys() == REASONS.keys() - OF_ONE_EVENT


def test_each_basis_and_kind_is_explained() -> None:
    assert words.BASES.keys() == {basis.value for basis in Basis}
    assert words.KINDS.keys() == set(KINDS)


def test_a_table_without_words_of_ours_is_told_in_those_of_its_purpose(house: Session) -> None:
    contracts = house.project.contracts
    name = "permitted_training_viewing_events"
    assert words.told(name, contracts[name], house.policy)[0] == "What you watched, for training"
    title, says = words.told("purpose_rules", contracts["purpose_rules"], house.policy)
    assert title == "Purpose rules"
    assert says == contracts["purpose_rules"].description.strip()
