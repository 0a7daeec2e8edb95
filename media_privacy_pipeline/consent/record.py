"""Keep the ledger up to what the door let in, and export what was recorded by the as-of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Input, Session, Span, StepResult
from ..errors import Refused
from ..lake import fingerprint_of
from .chain import Entry
from .entries import entries
from .ledger import ConsentLedger
from .rules import purpose_rules
from .subject_keys import opened_keys

_SAID = ("accepted_consent_events", "accepted_subject_requests")
_DOUBTED = "conflicting_consents"
# The order of the chain within a batch; decisions do not depend on it.
_ORDER = "recorded_at, kind, event_id, account_id, profile_id, purpose"
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
    where the ledger cannot be reached or its head is not signed by this installation, and where it has rows and the
    vault has no key for any of them.
    """
    with opened(session) as ledger:
        _check_keys(session, ledger)
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


def _check_keys(session: Session, ledger: ConsentLedger) -> None:
    """Without their keys nobody is recognised in the ledger: whoever agreed would count as never asked."""
    if ledger.head().seq:
        with opened_keys(session) as keys:
            if not len(keys):
                raise Refused(
                    f"{session.settings.vault / 'keys.sqlite'}: holds no key, and the consent ledger has rows: restore "
                    "the vault that belongs to this ledger from your backup"
                )


def _sources(session: Session) -> dict[str, str]:
    """Fingerprint of each day of each input of the ledger, by `<table>/<day>`."""
    lake, found = session.lake, {}
    for table in (*_SAID, _DOUBTED):
        for day in lake.days(table):
            meta = lake.meta(table, day)
            if meta is not None and meta.rows:
                found[f"{table}/{day}"] = fingerprint_of(meta.fingerprint, session.policy.digest)
    return found


def _entries(session: Session, names: list[str]) -> Iterator[Entry]:
    days = {table: _days_of(table, names) for table in (*_SAID, _DOUBTED)}
    rules: dict[str, Input] = {"purpose_rules": purpose_rules(session.policy)}
    if any(days[table] for table in _SAID):
        said = {table: session.folder(table, days[table]) for table in _SAID}
        yield from entries(_rows(session, "int_consent__entries", rules | said), session)
    if days[_DOUBTED]:
        # What is in doubt may have been let in on an earlier day.
        doubted = {_DOUBTED: session.folder(_DOUBTED, days[_DOUBTED]), _SAID[0]: session.folder(_SAID[0])}
        yield from entries(_rows(session, "int_consent__disputes", rules | doubted), session)


def _rows(session: Session, model: str, inputs: Mapping[str, Input]) -> pa.Table:
    return session.engine.fetch(f"select * from ({session.project.render(model)}) as rows order by {_ORDER}", inputs)


def _days_of(table: str, names: list[str]) -> list[date]:
    return [date.fromisoformat(name.partition("/")[2]) for name in names if name.startswith(f"{table}/")]
