"""Keep the ledger up to what the door let in, and export what was recorded by the as-of time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import pyarrow as pa

from ..engines import Folder, Input, Session, Span, StepResult
from ..engines.scratch import ROWS_AT_ONCE
from ..engines.types import arrow_schema
from ..errors import Refused
from ..lake import fingerprint_of
from .chain import Entry
from .entries import entries
from .ledger import ConsentLedger
from .rules import purpose_rules
from .signals.batch import decoded_batch
from .subject_keys import opened_keys

_SAID = ("accepted_consent_events", "accepted_subject_requests")
_DOUBTED = "conflicting_consents"
_MALFORMED = "malformed_signals"
_WATCHED = "accepted_viewing_events"
# The order of the chain within a batch; decisions do not depend on it.
_ORDER = "recorded_at, kind, event_id, account_id, profile_id, purpose"
_STRINGS = """
select distinct c.signal_value
from accepted_consent_events as c
where c.signal in ('tcf', 'gpp') and c.signal_value is not null
"""
_GPC_SINCE = """
select min(c.effective_at) as since
from accepted_consent_events as c
where c.signal = 'gpc' and c.device_id is not null
"""


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
        added = _append(session, ledger, found) if found else 0
        count, mark = ledger.watermark(span.as_of)
        fingerprint = fingerprint_of("consent_ledger", count, mark.hash)
        skipped = not session.stream("consent_ledger", fingerprint, lambda: ledger.batches(span.as_of))
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
    for table in (*_SAID, _DOUBTED, _MALFORMED, _WATCHED):
        for day in lake.days(table):
            meta = lake.meta(table, day)
            if meta is not None and meta.rows:
                found[f"{table}/{day}"] = fingerprint_of(meta.fingerprint, session.policy.digest)
    return found


def _append(session: Session, ledger: ConsentLedger, found: dict[str, str]) -> int:
    """Add what the days add that have this fingerprint by `<table>/<day>`."""
    days = {table: _days_of(table, sorted(found)) for table in (*_SAID, _DOUBTED, _MALFORMED, _WATCHED)}
    rules: dict[str, Input] = {"purpose_rules": purpose_rules(session.policy)}
    with session.scratch() as place:
        said = _entries(session, place / "decoded", days, rules)
        return ledger.append(said, found, observed=_observed(session, days, rules))


def _entries(
    session: Session, decoded: Path, days: Mapping[str, list[date]], rules: Mapping[str, Input]
) -> Iterator[Entry]:
    """What was said on some days of the inputs; consent strings are decoded into a new folder."""
    if any(days[table] for table in _SAID):
        said = {table: session.folder(table, days[table]) for table in _SAID}
        yield from entries(_rows(session, "int_consent__entries", {**rules, **said}), session)
    if days[_SAID[0]]:
        strings = {_SAID[0]: session.folder(_SAID[0], days[_SAID[0]])}
        read = {**rules, **strings, "decoded_signals": _decoded(session, strings, decoded)}
        yield from entries(_rows(session, "int_consent__decoded", read), session)
    if days[_DOUBTED]:
        # What is in doubt may have been let in on an earlier day.
        doubted = {_DOUBTED: session.folder(_DOUBTED, days[_DOUBTED]), _SAID[0]: session.folder(_SAID[0])}
        yield from entries(_rows(session, "int_consent__disputes", {**rules, **doubted}), session)
    if days[_MALFORMED]:
        malformed = {_MALFORMED: session.folder(_MALFORMED, days[_MALFORMED])}
        yield from entries(_rows(session, "int_consent__malformed", {**rules, **malformed}), session)


def _observed(session: Session, days: Mapping[str, list[date]], rules: Mapping[str, Input]) -> Iterator[Entry]:
    """Objections by Global Privacy Control that are heard on some days."""
    if watched := _watched(session, days):
        seen = {_WATCHED: session.folder(_WATCHED, watched), _SAID[0]: session.folder(_SAID[0])}
        yield from entries(_rows(session, "int_consent__gpc", {**rules, **seen}), session)


def _decoded(session: Session, strings: Mapping[str, Input], place: Path) -> Folder:
    """What the distinct consent strings among some consent events say: the columns of `decoded_signals`, in a new
    folder. Strings are decoded where they are: the decoders are pure."""
    place.mkdir()
    types = session.project.contracts["decoded_signals"].types
    decoder = partial(decoded_batch, vendor=session.policy.signals.tcf_vendor_id)
    session.engine.pass_on(_STRINGS, strings, decoder, arrow_schema(types), place)
    return Folder(place, sorted(place.glob("*.parquet")), types)


def _watched(session: Session, days: Mapping[str, list[date]]) -> list[date]:
    """Days on which Global Privacy Control may be heard for the first time: new ones, and all since a device was first
    said to send it, for another account may have been seen on it already."""
    new = set(days[_WATCHED])
    if days[_SAID[0]]:
        consents = {_SAID[0]: session.folder(_SAID[0], days[_SAID[0]])}
        since = session.engine.fetch(_GPC_SINCE, consents)["since"][0].as_py()
        if since is not None:
            new |= {day for day in session.lake.days(_WATCHED) if day >= since.date()}
    return sorted(new)


def _rows(session: Session, model: str, inputs: Mapping[str, Input]) -> Iterator[pa.RecordBatch]:
    proof = "|" + "|".join(sorted(session.policy.signals.proof_required)) + "|"
    sql = session.project.render(model, {"proof_required": proof})
    return session.engine.batches(f"select * from ({sql}) as rows order by {_ORDER}", inputs, ROWS_AT_ONCE)


def _days_of(table: str, names: list[str]) -> list[date]:
    return [date.fromisoformat(name.partition("/")[2]) for name in names if name.startswith(f"{table}/")]
