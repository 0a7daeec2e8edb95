"""Global Privacy Control comes with every event: the ledger takes in what is news, whatever the order of the days."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from consent_policy import write_policy
from consent_world import World, open_session, run_steps, t
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.consent.chain import Entry
from media_privacy_pipeline.consent.observed import news
from media_privacy_pipeline.consent.record import opened
from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine


def entry(account: str, effective: int, recorded: int) -> Entry:
    times = (f"2026-03-{effective:02}", f"2026-03-{recorded:02}")
    return Entry(
        "e", account, None, None, "device", "advertising", "objected", None, "gpc", *times, *[None] * 3, False, None
    )


HEARD = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9), st.integers(1, 9)), max_size=12)


@given(HEARD, st.randoms(use_true_random=False))
def test_what_is_left_out_tells_no_decision_anything(heard: list[tuple[str, int, int]], random: Any) -> None:
    """For every account and as-of time, the first effective time that is known is the same."""
    random.shuffle(heard)
    kept = list(news([entry(*one) for one in heard], []))
    for account in "ab":
        for day in range(1, 10):
            known = [effective for a, effective, recorded in heard if a == account and recorded <= day]
            told = [e.effective_at for e in kept if e.account_ref == account and e.recorded_at <= f"2026-03-{day:02}"]
            assert min(told, default=None) == (f"2026-03-{min(known):02}" if known else None)


def test_what_the_ledger_holds_is_no_news() -> None:
    known = [("a", "advertising", "2026-03-02", "2026-03-03")]
    assert not list(news([entry("a", 2, 3), entry("a", 5, 5)], known))
    assert len(list(news([entry("a", 1, 9), entry("a", 3, 2), entry("b", 5, 5)], known))) == 3


@pytest.fixture
def world() -> World:
    """A browser that sends it from day 2 on, each day; and an account that is seen on another's browser on day 6."""
    mine = {"account_id": "a", "device_id": "browser"}
    events = [{**mine, "event_id": f"e{n}", "started_at": t(n), "gpc": n >= 2} for n in range(8)]
    events.append({"event_id": "guest", "account_id": "b", "device_id": "shared", "started_at": t(6)})
    sent = {"consent_event_id": "g", "account_id": "c", "device_id": "shared", "signal": "gpc", "signal_value": "1"}
    sent |= {"effective_at": t(5), "recorded_at": t(7)}
    adults = [{"account_id": account, "birth_year": 1980} for account in "abc"]
    return World(accounts=adults, viewing_events=events, consent_events=[sent])


def heard_by(session: Session) -> set[tuple[str, Any, Any]]:
    with opened(session) as ledger:
        rows = [row for row in ledger.rows(t(99)).to_pylist() if row["purpose"] == "advertising"]
    return {(row["account_ref"], row["effective_at"], row["recorded_at"]) for row in rows}


def open_in(folder: Path) -> Session:
    folder.mkdir()
    return open_session(folder, DuckDBEngine(folder / "work"), write_policy(folder, {}))


def test_the_first_time_is_written_down_and_no_other(world: World, tmp_path: Path) -> None:
    session = open_in(tmp_path / "one")
    world.put(session)
    run_steps(session, t(10))
    run_steps(session, t(10))
    times = sorted((effective, recorded) for _, effective, recorded in heard_by(session))
    assert times == [(t(2), t(2)), (t(5), t(7)), (t(6), t(7))]


def test_the_order_of_days_changes_no_decision(world: World, tmp_path: Path) -> None:
    found = []
    for n, order in enumerate(permutations([0, 3, 6])):
        session = open_in(tmp_path / str(n))
        for upto in range(1, 4):
            days = {day for start in order[:upto] for day in range(start, start + 3)}
            some = [event for event in world.viewing_events if (event["started_at"] - t(0)).days in days]
            decided = replace(world, viewing_events=some).decide(session, t(10))
        found.append(decided)
    assert all(decided == found[0] for decided in found)
    assert (found[0]["e3", "advertising"], found[0]["guest", "advertising"]) == ("objected", "objected")
