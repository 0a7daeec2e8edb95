"""Whatever the policy's map says of places, devices, times and ages is how coarse the permitted files are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from consent_world import World, open_session, run_steps, t

from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.policy import PACKAGED

REGIONS = {"DE-BY": 3, "DE-HB": 2, "SE-AB": 1}
MAP = {"region": "large_region", "device_type": "device_class", "started_at": "hour"}


def world() -> World:
    """Six households of two profiles, three of them in Bavaria; each agreed to the audit and watched once."""
    made = World()
    for number, region in enumerate(region for region, count in REGIONS.items() for _ in range(count)):
        account = {"account_id": f"a{number}", "birth_year": 1981 + number, "region": region}
        made.accounts += [{**account, "profile_id": profile} for profile in ("main", "kids")]
        made.consent_events.append(
            {"consent_event_id": f"c{number}", "account_id": f"a{number}", "purpose": "fairness_audit",
             "state": "granted", "effective_at": t(0), "recorded_at": t(0)}
        )  # fmt: skip
        made.viewing_events.append(
            {"event_id": f"e{number}", "account_id": f"a{number}", "region": region, "started_at": t(1.3),
             "device_type": ["tv", "tablet", "web"][number % 3]}
        )  # fmt: skip
    made.viewing_events.append({**made.viewing_events[0], "event_id": "e9", "region": "FR-75"})
    return made


@pytest.fixture
def session(tmp_path: Path) -> Session:
    document: dict[str, Any] = yaml.safe_load(PACKAGED.read_text())
    document["minimisation"]["least_accounts_in_region"] = 3
    document["purposes"]["fairness_audit"]["columns"] = {
        "viewing_events": MAP,
        "accounts": {"birth_year": "decade", "gender": "keep"},
    }
    policy = tmp_path / "policy.yaml"
    policy.write_text(yaml.safe_dump(document))
    opened = open_session(tmp_path, DuckDBEngine(tmp_path / "work"), policy)
    world().put(opened)
    return opened


def seen(session: Session) -> list[dict[str, Any]]:
    span = run_steps(session, t(14))
    steps.measure_regions(session, span)
    steps.permit(session, span, "fairness_audit")
    return pq.read_table(session.lake.path("permitted_fairness_audit_viewing_events")).to_pylist()


def test_small_regions_are_their_country_and_the_rest_is_as_coarse_as_said(session: Session) -> None:
    rows = seen(session)
    regions = [row["region"] for row in rows]
    assert sorted(regions) == ["DE", "DE", "DE-BY", "DE-BY", "DE-BY", "FR", "SE"]
    assert {row["device_type"] for row in rows} == {"screen", "mobile", "other"}
    assert {row["started_at"] for row in rows} == {t(1).replace(hour=7)}
    people = pq.read_table(session.lake.path("permitted_fairness_audit_accounts")).to_pylist()
    assert {row["birth_year"] for row in people} == {1980}


def test_an_account_counts_once_however_many_profiles_it_has(session: Session) -> None:
    seen(session)
    sizes = pq.read_table(session.lake.path("region_sizes")).to_pylist()
    assert {row["region"]: row["accounts"] for row in sizes} == REGIONS


def test_where_no_size_is_known_every_region_is_its_country(session: Session) -> None:
    span = run_steps(session, t(14))
    steps.permit(session, span, "fairness_audit")
    rows = pq.read_table(session.lake.path("permitted_fairness_audit_viewing_events")).to_pylist()
    assert {row["region"] for row in rows} == {"DE", "SE", "FR"}


def test_a_region_that_shrank_is_coarser_from_then_on(session: Session) -> None:
    assert "DE-BY" in {row["region"] for row in seen(session)}
    smaller = world()
    smaller.accounts = [row for row in smaller.accounts if row["account_id"] != "a0"]
    smaller.put(session)
    assert "DE-BY" not in {row["region"] for row in seen(session)}
