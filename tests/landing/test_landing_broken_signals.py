"""A consent string that cannot be read is refused at the door by name, and its sender is remembered without it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from landing_toy import DAY, counts, drop, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine
from media_privacy_pipeline.landing.simulate.strings import tcf, usnat

GOOD_TCF, GOOD_GPP = tcf(1_767_225_600, (5, 6), vendors=True), usnat(opted_out=True, gpc=False)


def said(n: int, signal: str, value: str | None, **more: Any) -> dict[str, Any]:
    times = {"effective_at": "2026-03-01T10:00:00Z", "recorded_at": "2026-03-01T10:00:01Z"}
    return {
        "consent_event_id": f"c{n}",
        "account_id": f"a{n}",
        "signal": signal,
        "signal_value": value,
        **times,
        **more,
    }


ROWS = [
    said(0, "tcf", GOOD_TCF),
    said(1, "gpp", GOOD_GPP),
    said(2, "tcf", GOOD_TCF[:-4], profile_id="p", device_id="d"),
    said(3, "gpp", f"{GOOD_GPP} x"),
    said(4, "TCF ", f" {GOOD_GPP} "),
    said(5, "gpp", GOOD_TCF),
    said(6, "ui", "not a string", purpose="analytics", state="granted"),
    said(7, "gpp", "1YNY"),
    said(8, "tcf", "BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA", effective_at="2026-03-01T10:00:00"),
]


@pytest.fixture
def accepted(session: Session, landing: Path) -> Session:
    drop(landing, "consent_events", ROWS)
    let_in(session, "consent_events")
    return session


def test_it_is_counted_by_what_is_wrong_with_it(either: Session, landing: Path) -> None:
    drop(landing, "consent_events", ROWS)
    let_in(either, "consent_events")
    found = counts(either, "consent_events")
    assert found["landed", ""] == len(ROWS)
    assert found["accepted", ""] == 4
    refused = {reason: rows for (stage, reason), rows in found.items() if stage == "quarantined"}
    assert refused == {
        "broken_signal_truncated": 1,
        "broken_signal_bad_character": 1,
        "broken_signal_wrong_kind": 2,
        "naive_timestamp": 1,
    }


def test_it_is_kept_whole_in_the_quarantine(accepted: Session) -> None:
    kept = {row.reason: row for row in quarantine.read(accepted, "consent_events", DAY)}
    row = kept["broken_signal_truncated"].row
    assert row is not None
    assert row["signal_value"] == GOOD_TCF[:-4]


def test_its_sender_is_remembered_without_the_string(accepted: Session) -> None:
    stored = accepted.engine.fetch("select * from kept", {"kept": accepted.folder("malformed_signals")})
    rows = sorted(stored.to_pylist(), key=lambda row: row["consent_event_id"])
    assert [(row["account_id"], row["profile_id"], row["device_id"], row["signal"]) for row in rows] == [
        ("a2", "p", "d", "tcf"),
        ("a3", None, None, "gpp"),
        ("a4", None, None, "tcf"),
        ("a5", None, None, "gpp"),
    ]
    assert not {GOOD_TCF[:-4], GOOD_GPP, GOOD_TCF} & {value for row in rows for value in row.values()}
