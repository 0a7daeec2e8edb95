"""DuckDB, Spark and plain Python decide alike, row by row, on random histories."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from consent_histories import households
from consent_policy import POLICIES, write_policy
from consent_world import World, open_session, t
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from reference import Reference

from media_privacy_pipeline.consent.entries import Refs
from media_privacy_pipeline.consent.ledger import ConsentLedger
from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine


def by_hand(session: Session, world: World, as_of: datetime) -> dict[tuple[str, str], str]:
    """What the reference decides, from the rows of the ledger."""
    ledger = ConsentLedger(session.settings.consent_ledger, session.keyring)
    rows = ledger.rows(as_of).to_pylist()
    ledger.close()
    asked = [
        r for r in world.subject_requests if r["kind"] == "hide_title" and r["verified"] and r["received_at"] <= as_of
    ]
    hidden = {
        (r["account_id"], p, r["title_id"]) for r in asked for p in ("main", "kid") if r["profile_id"] in (None, p)
    }
    people = [(row["account_id"], row.get("profile_id", "main")) for row in (*world.accounts, *world.viewing_events)]
    people += [(row["account_id"], row.get("profile_id", "main")) for row in world.search_events]
    refs = Refs.of(session, people, [e["device_id"] for e in world.viewing_events if e.get("device_id")])
    # An account's events are decided by its own rows alone: not looking through everybody's takes a tenth of the time.
    said, registered, watched = _by(rows, "account_ref"), _by(world.accounts), _by(world.viewing_events)
    of = {
        account: Reference(
            said[refs.account(account)], registered[account], watched[account], hidden, session.policy, refs, as_of
        )
        for account, _ in people
    }
    events = [*world.viewing_events, *world.search_events]
    return {(e["event_id"], u): of[e["account_id"]].reason(e, u) for e in events for u in session.policy.purposes}


def _by(rows: list[dict[str, Any]], column: str = "account_id") -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def check(engine: Engine, seed: int, count: int, consent: dict[str, Any], as_of: datetime) -> None:
    world = households(seed, count)
    with TemporaryDirectory() as folder:
        session = open_session(Path(folder), engine, write_policy(Path(folder), consent))
        decided = world.decide(session, as_of)
        expected = by_hand(session, world, as_of)
    differing = {
        key: (decided.get(key), expected.get(key))
        for key in expected.keys() | decided.keys()
        if decided.get(key) != expected.get(key)
    }
    assert not differing


@given(st.integers(0, 2**32), st.sampled_from(list(POLICIES.values())), st.sampled_from([7, 10, 10.25]))
@settings(max_examples=8, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # a smaller seed is no simpler
def test_duckdb_decides_as_the_reference(seed: int, consent: dict[str, Any], run: float) -> None:
    with TemporaryDirectory() as work:
        check(DuckDBEngine(Path(work)), seed, 60, consent, t(run))


@pytest.mark.spark
@pytest.mark.parametrize("consent", [POLICIES["lenient"], POLICIES["signals"]], ids=["lenient", "signals"])
def test_spark_decides_as_the_reference(spark_engine: Engine, consent: dict[str, Any]) -> None:
    check(spark_engine, 2026, 250, consent, t(10.25))
