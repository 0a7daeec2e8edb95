"""Keep the ledger up to what the door let in, and export what was recorded by the as-of time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Session, Span, StepResult
from ..lake import fingerprint_of
from .entries import Refs, Row, conflict_entries, consent_entries, request_entries
from .ledger import ConsentLedger, Entry

_CONSENTS = """
select
    c.consent_event_id, c.account_id, c.profile_id, c.device_id, c.purpose, c.signal_value, c.state, c.signal,
    c.effective_at, c.recorded_at, c.expires_at, c.notice_version, c.jurisdiction, c.covers_history, c.evidence_ref
from accepted_consent_events as c
order by c.recorded_at, c.consent_event_id
"""
_REQUESTS = """
select r.request_id, r.account_id, r.profile_id, r.kind, r.purpose, r.received_at, r.verified
from accepted_subject_requests as r
order by r.received_at, r.request_id
"""
_CONFLICTS = """
select
    c.consent_event_id, c.account_id, c.profile_id, c.purpose, c.recorded_at, c.arrival_day,
    a.effective_at as disputed_at
from conflicting_consents as c
left join accepted_consent_events as a
    on a.consent_event_id = c.consent_event_id
order by c.recorded_at, c.consent_event_id, c.account_id, c.profile_id, c.purpose
"""
_ZSTD = {"compression": "zstd"}


@contextmanager
def opened(session: Session) -> Iterator[ConsentLedger]:
    """The session's ledger, closed when the block ends."""
    ledger = ConsentLedger(session.settings.consent_ledger, session.keyring)
    try:
        yield ledger
    finally:
        ledger.close()


def update_ledger(session: Session, span: Span) -> StepResult:
    """Append what arrived since the last time, in one transaction, and write `consent_ledger` as of the span's time.

    Days are taken in whatever order they come; what is there already, by its event's ref, is left alone. Raises Refused
    where the ledger cannot be reached or its head is not signed by this installation.
    """
    with opened(session) as ledger:
        before = ledger.ingested()
        found = {
            name: fingerprint for name, fingerprint in _sources(session).items() if before.get(name) != fingerprint
        }
        added = ledger.append(_entries(session, sorted(found)), found) if found else 0
        count, mark = ledger.watermark(span.as_of)
        fingerprint = fingerprint_of("consent_ledger", count, mark.hash)
        skipped = session.lake.is_current("consent_ledger", fingerprint)
        if not skipped:
            with session.lake.write("consent_ledger", fingerprint) as staging:
                pq.write_table(ledger.rows(span.as_of), staging / "part-0.parquet", **_ZSTD)
    return StepResult(
        {"consent_ledger": count},
        skipped=skipped and not added,
        metadata={"appended": added, "watermark_seq": mark.seq, "watermark_hash": mark.hash},
    )


def _sources(session: Session) -> dict[str, str]:
    """Fingerprint of each day of each input of the ledger, by `<table>/<day>`."""
    lake, found = session.lake, {}
    for table in ("accepted_consent_events", "accepted_subject_requests", "conflicting_consents"):
        for day in lake.days(table):
            meta = lake.meta(table, day)
            if meta is not None and meta.rows:
                found[f"{table}/{day}"] = fingerprint_of(meta.fingerprint, session.policy.digest)
    return found


def _entries(session: Session, names: list[str]) -> Iterator[Entry]:
    refs, policy = Refs(session.keyring), session.policy
    yield from consent_entries(_rows(session, _CONSENTS, "accepted_consent_events", names), policy, refs)
    yield from request_entries(_rows(session, _REQUESTS, "accepted_subject_requests", names), policy, refs)
    conflicts = _rows(session, _CONFLICTS, "conflicting_consents", names, "accepted_consent_events")
    yield from conflict_entries(conflicts, policy, refs)


def _rows(session: Session, sql: str, table: str, names: list[str], *whole: str) -> Iterator[Row]:
    days = [date.fromisoformat(name.partition("/")[2]) for name in names if name.startswith(f"{table}/")]
    if days:
        folders = {table: session.folder(table, days), **{other: session.folder(other) for other in whole}}
        found: pa.Table = session.engine.fetch(sql, folders)
        for batch in found.to_batches(max_chunksize=50_000):
            yield from batch.to_pylist()
