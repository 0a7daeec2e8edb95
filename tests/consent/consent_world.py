"""A small world written straight into the lake as the door would, and the steps of consent run over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from media_privacy_pipeline.consent import steps
from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.lake import fingerprint_of
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project

T0 = datetime(2026, 3, 1)
"""Day 0 of the cases."""

_ARROW = {
    "varchar": pa.string(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
    "bigint": pa.int64(),
}
_PROJECTS: dict[str, Project] = {}
"""Loaded once per policy: hundreds of sessions are opened on the same text."""

_DEFAULTS: dict[str, Any] = {
    "profile_id": "main",
    "device_type": "tv",
    "country": "DE",
    "region": "ZZ",
    "referrer": "browse",
    "private_session": False,
    "title_unknown": False,
    "title_id": "t1",
    "watched_seconds": 60,
    "query": "q",
    "payload_hash": "0",
    "is_kid": False,
    "covers_history": False,
    "signal": "ui",
    "verified": True,
}


def t(day: float) -> datetime:
    """A time in days from T0."""
    return T0 + timedelta(days=day)


Rows = list[dict[str, Any]]


@dataclass
class World:
    """Accepted rows by kind; `put` writes them, `decide` runs the steps and gives reason by (event_id, purpose)."""

    accounts: Rows = field(default_factory=list)
    viewing_events: Rows = field(default_factory=list)
    search_events: Rows = field(default_factory=list)
    consent_events: Rows = field(default_factory=list)
    subject_requests: Rows = field(default_factory=list)
    conflicts: Rows = field(default_factory=list)
    malformed: Rows = field(default_factory=list)

    def put(self, session: Session) -> None:
        """Write the accepted tables, each row on the day of its `arrival_day` or of its time."""
        whole_account = {"profile_id": None}
        _write(session, "accepted_accounts", self.accounts)
        _write(session, "accepted_viewing_events", self.viewing_events, "started_at")
        _write(session, "accepted_search_events", self.search_events, "searched_at")
        _write(session, "accepted_consent_events", self.consent_events, "recorded_at", whole_account)
        requests = [{"title_id": None, **row} for row in self.subject_requests]
        _write(session, "accepted_subject_requests", requests, "received_at", whole_account)
        _write(session, "conflicting_consents", self.conflicts, "recorded_at", whole_account)
        _write(session, "malformed_signals", self.malformed, "recorded_at", whole_account)

    def decide(self, session: Session, as_of: datetime) -> dict[tuple[str, str], str]:
        """Run ledger, vault and timeline as of a time; the reason (empty: allowed) by event_id and purpose."""
        self.put(session)
        return decisions(session, run_steps(session, as_of))


def open_session(folder: Path, engine: Engine, policy: Path | None = None) -> Session:
    """A session with a home of its own under a folder, on an engine that is running already."""
    session = Session(Settings(home=folder / "home", landing=folder / "landing", policy=policy))
    session.__dict__["engine"] = engine
    if session.policy.digest not in _PROJECTS:
        _PROJECTS[session.policy.digest] = session.project
    session.__dict__["project"] = _PROJECTS[session.policy.digest]
    return session


def span_of(session: Session, as_of: datetime) -> Span:
    """All days that the lake holds events of, as of a time."""
    days = session.lake.days("accepted_viewing_events") or [as_of.date()]
    return Span.of(days[0], days[-1], as_of)


def run_steps(session: Session, as_of: datetime) -> Span:
    """Ledger, vault and timeline."""
    span = span_of(session, as_of)
    for step in (steps.update_ledger, steps.identify, steps.timeline):
        step(session, span)
    return span


def decisions(session: Session, span: Span) -> dict[tuple[str, str], str]:
    """Row by row what `decision_accounting` counts."""
    name = "int_consent__decisions"
    inputs = {table: session.folder(table) for table in session.project.sources(name)}
    found = session.engine.fetch(session.project.render(name, steps.clock(span.as_of)), inputs)
    keys = zip(found["event_id"].to_pylist(), found["purpose"].to_pylist(), strict=True)
    return dict(zip(keys, found["reason"].to_pylist(), strict=True))


def _write(
    session: Session,
    table: str,
    rows: Iterable[Mapping[str, Any]],
    time: str | None = None,
    over: dict[str, Any] | None = None,
) -> None:
    types = session.project.contracts[table].types
    filled: Rows = [
        {**{name: _DEFAULTS.get(name) for name in types}, **(over or {}), **row, "position": n}
        for n, row in enumerate(rows)
    ]
    by_day: dict[date, Rows] = {}
    for row in filled:
        if time is not None:
            row["arrival_day"] = row.get("arrival_day") or row[time].date()
        by_day.setdefault(row.get("arrival_day") or date.min, []).append(row)
    fingerprint = fingerprint_of(table, filled)
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in types.items() if name != "arrival_day"])
    if time is None:
        with session.lake.write(table, fingerprint) as staging:
            pq.write_table(pa.Table.from_pylist(filled, schema), staging / "part-0.parquet")
        return
    days = sorted(by_day)
    with session.lake.write(table, fingerprint, days) as staging:
        for day in days:
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            pq.write_table(pa.Table.from_pylist(by_day[day], schema), folder / "part-0.parquet")
