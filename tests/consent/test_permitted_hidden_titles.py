"""Which hidden titles a purpose sees: those of verified requests by then, of people whose consent to it stands."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from consent_world import World, open_session, run_steps, t

from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine

PEOPLE = ("ann", "bea", "cid", "dan", "eve")


def world() -> World:
    """Ann hides a title on one profile, bea on all of two; cid is not verified, dan withdraws, eve asks too late."""
    made = World()
    for n, name in enumerate(PEOPLE):
        made.accounts += [{"account_id": name, "birth_year": 1980, "profile_id": each} for each in ("main", "second")]
        said = {"account_id": name, "purpose": "personalisation", "effective_at": t(0), "recorded_at": t(0)}
        made.consent_events.append({"consent_event_id": f"c{n}", "state": "granted", **said})
        made.viewing_events.append({"event_id": f"e{n}", "account_id": name, "started_at": t(1)})
        made.subject_requests.append(
            {"request_id": f"r{n}", "account_id": name, "kind": "hide_title", "title_id": f"t-{name}",
             "received_at": t(9 if name == "eve" else 2), "verified": name != "cid",
             "profile_id": None if name == "bea" else "main"}
        )  # fmt: skip
    made.consent_events.append(
        {"consent_event_id": "w", "account_id": "dan", "purpose": "personalisation", "state": "withdrawn",
         "effective_at": t(3), "recorded_at": t(3)}
    )  # fmt: skip
    return made


@pytest.fixture
def session(tmp_path: Path) -> Session:
    opened = open_session(tmp_path, DuckDBEngine(tmp_path / "work"))
    world().put(opened)
    return opened


def seen(session: Session, purpose: str, day: float) -> set[tuple[str, str]]:
    steps.permit(session, run_steps(session, t(day)), purpose)
    rows = pq.read_table(session.lake.path(f"permitted_{purpose}_hidden_titles")).to_pylist()
    return {(row["viewer_key"], row["title_id"]) for row in rows}


def keyed(session: Session, *hidden: tuple[str, str]) -> set[tuple[str, str]]:
    keys = session.keyring.viewer_keys("personalisation", list(hidden))
    return {(key, f"t-{name}") for key, (name, _) in zip(keys, hidden, strict=True)}


def test_a_purpose_sees_what_those_hid_who_agree_to_it(session: Session) -> None:
    expected = keyed(session, ("ann", "main"), ("bea", "main"), ("bea", "second"))
    assert seen(session, "personalisation", 7) == expected
    assert seen(session, "personalisation", 10) == expected | keyed(session, ("eve", "main"))


def test_who_withdrew_is_forgotten_with_what_they_hid(session: Session) -> None:
    assert keyed(session, ("dan", "main")) <= seen(session, "personalisation", 2.5)
    assert not keyed(session, ("dan", "main")) & seen(session, "personalisation", 4)


def test_a_purpose_that_they_did_not_agree_to_sees_nothing(session: Session) -> None:
    assert seen(session, "context", 7) == set()
