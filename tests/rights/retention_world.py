"""Accepted rows written straight into the lake, on the few days that a test needs, and a night of retention."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from media_privacy_pipeline.consent import steps as consent
from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.engines.types import arrow_schema
from media_privacy_pipeline.policy import PACKAGED, load
from media_privacy_pipeline.rights.retention import Line, proof
from media_privacy_pipeline.rights.retention.steps import retain
from media_privacy_pipeline.rights.retention.windows import held_by
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project, load_project

T = datetime(2026, 3, 1)
"""The as-of time: the run takes in the day before it."""

Rows = Sequence[dict[str, Any]]
_TEXT = {"profile_id": "main", "title_id": "t1", "device_type": "tv", "country": "DE", "region": "ZZ", "query": "q"}
_FILL: dict[str, Any] = {
    **_TEXT, "referrer": "browse", "private_session": False, "title_unknown": False, "watched_seconds": 60,
    "is_kid": False, "covers_history": False, "signal": "ui", "verified": True, "payload_hash": "0",
}  # fmt: skip
_PROJECTS: dict[str, Project] = {}


def ago(days: float) -> datetime:
    """A time so many days before the as-of time."""
    return T - timedelta(days=days)


def watched(name: str, days: float, arrived: float | None = None, account: str = "a", **more: Any) -> dict[str, Any]:
    """A viewing event that began so many days before the as-of time; it arrived then, or so many days before."""
    day = ago(days if arrived is None else arrived).date()
    return {"event_id": name, "account_id": account, "started_at": ago(days), "arrival_day": day, **more}


def asked(kind: str, days: float, account: str = "a", profile: str | None = None) -> dict[str, Any]:
    """A verified request received so many days before the as-of time."""
    row = {"request_id": f"{kind} {account} {days}", "account_id": account, "profile_id": profile, "kind": kind}
    return {**row, "title_id": None, "received_at": ago(days), "arrival_day": ago(days).date()}


def agreed(purpose: str, account: str = "a", days: float = 2000, **more: Any) -> dict[str, Any]:
    """A grant."""
    said = {"consent_event_id": f"{purpose} {account} {days}", "account_id": account, "profile_id": None}
    times = {"effective_at": ago(days), "recorded_at": ago(days), "arrival_day": ago(days).date()}
    return {**said, **times, "purpose": purpose, "title_id": None, "state": "granted", **more}


def open_session(folder: Path, engine: Engine, **changes: Any) -> Session:
    """A session whose policy is the packaged one with parts changed, on an engine that is running already."""
    document = yaml.safe_load(PACKAGED.read_text())
    for part, values in changes.items():
        document[part] |= values
    path = folder / "policy.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    session = Session(Settings(home=folder / "home", landing=folder / "landing", policy=path))
    session.__dict__["engine"] = engine
    if session.policy.digest not in _PROJECTS:
        _PROJECTS[session.policy.digest] = load_project(Settings().sql, load(path))
    session.__dict__["project"] = _PROJECTS[session.policy.digest]
    return session


def put(session: Session, table: str, rows: Rows) -> None:
    """Make accepted rows lie where the door would have put them."""
    types = session.project.contracts[table].types
    schema = arrow_schema({name: kind for name, kind in types.items() if name != "arrival_day"})
    days = sorted({row["arrival_day"] for row in rows})
    with session.lake.write(table, repr(rows), days) as staging:
        for day in days:
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            mine = [{**_FILL, **row} for row in rows if row["arrival_day"] == day]
            made = [{name: row.get(name) for name in schema.names} for row in mine]
            pq.write_table(pa.Table.from_pylist(made, schema), folder / "part-0.parquet")


def run(session: Session, as_of: datetime = T, purposes: Sequence[str] = ("analytics",)) -> list[Line]:
    """The steps of consent, then retention, as of a time; its proof."""
    day = (as_of - timedelta(microseconds=1)).date()
    span = Span.of(day, day, as_of)
    for step in (consent.update_ledger, consent.identify, consent.timeline, consent.account_decisions):
        step(session, span)
    for purpose in purposes:
        consent.permit(session, span, purpose)
    retain(session, span)
    return proof(session, as_of, held_by(session, as_of))


def stored(session: Session, table: str = "accepted_viewing_events", column: str = "event_id") -> list[Any]:
    """Values that are stored, in order."""
    files = session.lake.files(table)
    return sorted(value for file in files for value in pq.ParquetFile(file).read([column])[column].to_pylist())


def line_of(lines: Sequence[Line], table: str) -> Line:
    """The proof's line of a table."""
    return next(line for line in lines if line.table == table)


def decided(session: Session, day: date) -> int:
    """Viewing events of an arrival day that the accounting says were decided for analytics."""
    files = session.lake.files("decision_accounting", [day])
    rows = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
    return sum(r["rows"] for r in rows if r["source"] == "viewing_events" and r["stage"].endswith("/analytics"))
