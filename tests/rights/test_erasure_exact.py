"""An erasure takes a person out of the rows that exact tables count, and changes nothing that was told of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from erasure_nights import account, asks, at, day, drop, night, zone

from media_privacy_pipeline import policy
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.exact.reports import reports
from media_privacy_pipeline.exact.steps import tell_exactly
from media_privacy_pipeline.orchestration.catalogue import catalogue
from media_privacy_pipeline.rights.erasure import receipt, steps
from media_privacy_pipeline.settings import PROJECT, Settings
from media_privacy_pipeline.sql import load_project

CROWD = [f"crowd-{n}" for n in range(40)]
TABLE = {
    "title": "Which device in which country, by day",
    "source": "permitted_analytics_viewing_events",
    "quasi_identifiers": ["country"],
    "sensitive": "device_type",
    "k": 10,
    "l": 1.5,
    "t": 0.5,
    "period": "day",
}


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """Fifty households and an exact table of each day; ann is counted on both, and then asks to be erased."""
    folder = tmp_path_factory.mktemp("exact")
    landing = folder / "landing"
    zone(landing, 2)
    _crowd(landing)
    document = yaml.safe_load(policy.PACKAGED.read_text())
    document["exact_tables"] = {"devices_daily": TABLE}
    (folder / "policy.yaml").write_text(yaml.safe_dump(document))
    made = Session(Settings(home=folder / "home", landing=landing, keys=folder / "keys", policy=folder / "policy.yaml"))
    made.settings.work.mkdir(parents=True, exist_ok=True)
    made.__dict__["project"] = load_project(PROJECT / "dbt_like_sql", made.policy)
    made.__dict__["engine"] = DuckDBEngine(made.settings.work, memory_limit="1GB", threads=1)
    yield made
    made.close()


def test_what_was_told_stays_to_the_byte_and_the_person_is_found_nowhere(session: Session) -> None:
    span = Span.of(day(1), day(2))
    night(session, 2, only=_until_told(session))
    told = reports(session.settings.home)
    before = [path.read_bytes() for path in session.lake.files("devices_daily")]
    assert [(row["first"], row["k"] >= 10, row["withheld"]) for row in told] == [
        (day(n).isoformat(), True, "") for n in (1, 2)
    ]
    counted = [row["accounts"] for row in told]
    drop(session.settings.landing, "subject_requests", [asks("ann", "erasure", 2)], 2)
    night(session, 2, only=("accept_subject_requests", "update_ledger", "identify"))
    steps.carry_out(session, span)
    tell_exactly(session, span)
    steps.prove(session, span)
    assert [path.read_bytes() for path in session.lake.files("devices_daily")] == before
    assert [row["accounts"] for row in reports(session.settings.home)] == counted
    file = session.settings.receipts / f"{receipt.ref_of(session, 'r-ann-erasure-2')}.json"
    assert json.loads(file.read_text())["rows_removed"]["lake/permitted_analytics_viewing_events"] > 0


def _until_told(session: Session) -> list[str]:
    """The steps from landing to the exact table, without the erasure."""
    groups = ("landing", "consent", "permitted")
    steps = catalogue(session.policy, session.project)
    return ["tell_exactly", *(step.name for step in steps if step.group in groups and step.name != "erase")]


def _crowd(landing: Path) -> None:
    watched: list[dict[str, Any]] = [
        {
            "event_id": f"x-{number}-{n}", "account_id": account(name), "profile_id": "main", "title_id": "t01",
            "started_at": at(number), "watched_seconds": 3000, "device_type": ("tv", "web")[n % 2], "country": "DE",
        }
        for number in (1, 2)
        for n, name in enumerate(CROWD)
    ]  # fmt: skip
    for number in (1, 2):
        drop(landing, "viewing_events", watched[(number - 1) * 40 : number * 40], number, "crowd")
    said = [
        {
            "consent_event_id": f"xc-{n}", "account_id": account(name), "profile_id": "main", "purpose": "analytics",
            "state": "granted", "signal": "ui", "effective_at": at(1, 0), "recorded_at": at(1, 0),
        }
        for n, name in enumerate(CROWD)
    ]  # fmt: skip
    drop(landing, "consent_events", said, 1, "crowd")
    people = [{"account_id": account(name), "profile_id": "main", "birth_year": 1980} for name in CROWD]
    drop(landing, "accounts", people, name="crowd")
