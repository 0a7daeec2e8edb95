"""A policy may scrub and refuse where that does no harm, and is told why not where it would."""

from __future__ import annotations

from typing import Any

import pytest

from media_privacy_pipeline import policy
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.screening_policy import Classification
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql.contracts import load_contracts
from media_privacy_pipeline.sql.screened import screened_models, screened_name, scrubs_name

CONTRACTS = load_contracts(Settings().sql / "contracts")


def models(columns: dict[str, Any]) -> dict[str, str]:
    packaged = policy.load()
    changed = Classification.model_validate({**packaged.classification.model_dump(), "columns": columns})
    return screened_models(packaged.model_copy(update={"classification": changed}), CONTRACTS)


@pytest.mark.parametrize(
    ("source", "column", "action", "says"),
    [
        ("titles", "synopsis", "scrub", "inputs about people are"),
        ("viewing_events", "mood", "scrub", "no such column of text"),
        ("viewing_events", "watched_seconds", "scrub", "no such column of text"),
        ("accounts", "email", "scrub", "declared a direct identifier"),
        ("viewing_events", "event_id", "scrub", "two people whose ids were scrubbed would be one"),
        ("viewing_events", "device_id", "scrub", "two people whose ids were scrubbed would be one"),
        ("viewing_events", "device_type", "scrub", "never stored"),
        ("viewing_events", "region", "scrub", "never stored"),
        ("consent_events", "evidence_ref", "quarantine", "a choice or a request is heard"),
        ("consent_events", "device_id", "quarantine", "a choice or a request is heard"),
        ("subject_requests", "account_id", "scrub", "a choice or a request is heard"),
    ],
)
def test_what_would_do_harm_is_refused(source: str, column: str, action: str, says: str) -> None:
    with pytest.raises(UsageError, match=rf"policy: classification\.columns.*{source}.*{says}"):
        models({source: {column: {"email": action}}})


def test_without_rules_nothing_is_searched_and_nothing_counted() -> None:
    made = models({})
    assert "regexp" not in "".join(made.values())
    assert scrubs_name("search_events") not in made


def test_only_what_is_scrubbed_is_counted() -> None:
    made = models({"viewing_events": {"device_type": {"email": "quarantine"}, "os": {"ip": "scrub", "email": "scrub"}}})
    assert "personal_value_in_device_type" in made[screened_name("viewing_events")]
    assert made[scrubs_name("viewing_events")].count(" as scrubbed_") == 2
