"""A home with one release, people who signed this form or that, and two offices that the policy declares."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from retention_world import T, ago, agreed, open_session, put

from media_privacy_pipeline.consent import steps as consent
from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.engines.types import arrow_schema
from media_privacy_pipeline.published.layout import Layout
from media_privacy_pipeline.published.manifest import Manifest
from media_privacy_pipeline.published.shelf import shelf_of
from media_privacy_pipeline.published.staging import published_contracts, stage, write
from media_privacy_pipeline.published.swap import place, point
from media_privacy_pipeline.rights.disclosure import Handed, Wanted, hand_over

P = "personalisation"
_OFFICE = {
    "title": "An office", "contact": "data@office.example", "country": "DE", "basis": "a form of its own",
    "purposes": ["disclosure", "analytics"], "tables": ["recommendations", "audit_findings"],
}  # fmt: skip
RECIPIENTS = {
    "office": _OFFICE,
    "bureau": _OFFICE,
    "mailer": {**_OFFICE, "purposes": [P], "tables": ["recommendations"]},
}

Row = dict[str, Any]


def form(account: str, days: float, evidence: str | None = "cabinet 7", state: str = "granted", **more: Any) -> Row:
    """A word on a form of its own about disclosure, said so many days before T."""
    row = agreed("disclosure", account, days, state=state, signal="vppa", evidence_ref=evidence)
    return {**row, "consent_event_id": f"{state} {account} {days} {evidence}", **more}


SAID = {
    "23 months": [form("23 months", 23 * 30.44)],
    "25 months": [form("25 months", 25 * 30.44)],
    "for the office": [form("for the office", 10, "recipient:office page 3")],
    "not the bureau": [form("not the bureau", 10), form("not the bureau", 5, "recipient:bureau", "withdrawn")],
    "took it back": [form("took it back", 10), form("took it back", 5, None, "withdrawn")],
    "took all back": [form("took all back", 10, "recipient:office"), form("took all back", 5, None, "withdrawn")],
    "on the web": [agreed("disclosure", "on the web", 10)],
    "a device objects": [
        form("a device objects", 10),
        form("a device objects", 5, None, "objected", purpose=None, signal="gpc", device_id="d"),
    ],
    "of no known age": [form("of no known age", 10)],
    "nothing personal": [form("nothing personal", 10)],
    "never asked": [],
}
"""What each account said; its own name is its id."""


def world(folder: Path, engine: Engine | None = None) -> Session:
    """The home, with everybody in the current release's recommendations."""
    engine = engine or DuckDBEngine(folder / "work", memory_limit="1GB")
    session = open_session(folder, engine, recipients=RECIPIENTS)
    said = [row for rows in SAID.values() for row in rows]
    said += [agreed(P, account, 900) for account in SAID if account != "nothing personal"]
    put(session, "accepted_consent_events", [*said, agreed("analytics", "somebody", 0.5)])
    people = [
        {"account_id": account, "profile_id": "main", "is_kid": False, "country": "DE", "region": "ZZ"}
        | ({"birth_year": 1980} if account != "of no known age" else {})
        for account in SAID
    ]
    snapshot(session, "accepted_accounts", people)
    day = ago(1).date()
    for step in (consent.update_ledger, consent.identify):
        step(session, Span.of(day, day, T))
    keys = session.keyring.viewer_keys(P, [(account, "main") for account in SAID])
    snapshot(session, "recommendations", [_row(key, rank) for key in keys for rank in (1, 2)])
    publish(session, ["recommendations"])
    return session


def open_world(folder: Path) -> Session:
    """A home with an open table alone: who may have it is asked of nobody."""
    session = open_session(folder, DuckDBEngine(folder / "work"), recipients=RECIPIENTS)
    finding = {"run_day": T.date(), "check": "c", "target": "t", "estimate": 0.5, "low": 0.1, "high": 0.9, "limit": 1.0}
    snapshot(session, "audit_findings", [{**finding, "passed": True}])
    publish(session, ["audit_findings"])
    return session


def snapshot(session: Session, table: str, rows: Sequence[Row]) -> None:
    """Make a snapshot hold these rows."""
    schema = arrow_schema(session.project.contracts[table].types)
    made = [{name: row.get(name) for name in schema.names} for row in rows]
    with session.lake.write(table, repr(rows)) as staging:
        pq.write_table(pa.Table.from_pylist(made, schema), staging / "part-0.parquet")


def publish(session: Session, tables: Sequence[str]) -> None:
    """Place and point to a release of these tables, as of T."""
    release_id, layout = f"{T:%Y%m%dT%H%M%S}-{'0' * 12}", Layout(session.settings.home)
    contracts = published_contracts(session)
    layout.candidate(release_id).mkdir(parents=True)
    entries = {
        name: write(session, stage(session, contracts[name], None, shelf_of(session.settings)), release_id, T)
        for name in tables
    }
    manifest = Manifest(
        release_id=release_id, as_of=T, first_day=ago(1).date(), last_day=ago(1).date(), previous=None,
        policy=session.policy.digest, code="0", model=None, consent_watermark={}, tables=entries, left_out={},
    )  # fmt: skip
    place(layout, manifest.signed(session.keyring))
    point(layout, release_id)


def hand(session: Session, out: Path, recipient: str = "office", **more: Any) -> Handed:
    """Hand recommendations to an office under its form, an hour after T."""
    wanted = {"table": "recommendations", "purpose": "disclosure", **more}
    return hand_over(session, Wanted(recipient=recipient, out=out, **wanted), T + timedelta(hours=1))


def _row(key: str, rank: int) -> Row:
    return {"viewer_key": key, "rank": rank, "title_id": f"t{rank}", "score": 1.0 / rank}


def main(folder: str, first: str) -> None:
    """Hand one file over after another, and say which: to be run, and killed."""
    session = open_session(Path(folder), DuckDBEngine(Path(folder) / "work"), recipients=RECIPIENTS)
    print("ready", flush=True)
    for number in range(int(first), int(first) + 1000):
        hand(session, Path(folder) / f"{number}.csv", table="audit_findings", purpose="analytics")


if __name__ == "__main__":
    main(*sys.argv[1:])
