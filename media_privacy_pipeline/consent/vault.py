"""The vault: who is decided about, under which refs; and the tombstones of those who were erased."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pyarrow as pa

from ..engines import Folder, Made, Session, Span, StepResult
from ..engines.scratch import ROWS_AT_ONCE, set_aside
from ..lake import fingerprint_of
from .entries import Refs
from .erasures import asked, bury, tombstone

_PEOPLE = "int_consent__people"
_DEVICES = """
select distinct c.device_id
from accepted_consent_events as c
where c.device_id is not null
order by c.device_id
"""
_AMONG = "select distinct c.device_id from accepted_consent_events as c join wanted as w on w.device_id = c.device_id"
# Most of the vault is there from the night before: keys are made once, so refs stay.
_KNOWN = """
select p.account_id, p.profile_id, s.account_ref, s.profile_ref
from ({people}) as p
left join subjects as s
    on s.account_id = p.account_id and s.profile_id = p.profile_id
order by p.account_id, p.profile_id
"""


def identify(session: Session, span: Span) -> StepResult:
    """Write the vault (`subjects`, `consent_devices`) and add the tombstones of verified erasures."""
    results = [_subjects(session, span), _devices(session), _tombstones(session, span)]
    return StepResult(
        {table: rows for result in results for table, rows in result.rows.items()},
        skipped=all(result.skipped for result in results),
    )


def devices_among(session: Session, wanted: Sequence[str]) -> set[str]:
    """Those of some devices that a consent event names."""
    asked = pa.table({"device_id": pa.array(wanted, pa.string())})
    stored = session.folder("accepted_consent_events")
    found = session.engine.fetch(_AMONG, {"accepted_consent_events": stored, "wanted": asked})
    return set(found["device_id"].to_pylist())


def subject_refs(session: Session, people: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Refs of people, numbered in the order in which they come; keys that are missing are made.

    `people` have account_id, profile_id, and account_ref and profile_ref where the vault knows them already: a key is
    unwrapped for those alone who are new.
    """
    numbers = count(1)
    for batch in people:
        columns = ("account_id", "profile_id", "account_ref", "profile_ref")
        accounts, profiles, *known = (batch[name].to_pylist() for name in columns)
        pairs = list(zip(accounts, profiles, strict=True))
        new = [pair for pair, ref in zip(pairs, known[0], strict=True) if ref is None]
        refs = Refs.of(session, new, make=True)
        rows = list(zip(pairs, *known, strict=True))
        yield pa.record_batch(
            {
                "account_id": batch["account_id"],
                "profile_id": batch["profile_id"],
                "subject_no": pa.array([next(numbers) for _ in rows], pa.int32()),
                "account_ref": pa.array([refs.account(pair[0]) if ref is None else ref for pair, ref, _ in rows]),
                "profile_ref": pa.array([refs.profile(*pair) if ref is None else ref for pair, _, ref in rows]),
            }
        )


def _subjects(session: Session, span: Span) -> StepResult:
    sources = sorted(session.project.sources(_PEOPLE))
    made_from = fingerprint_of(
        session.project.render(_PEOPLE),
        [session.lake.fingerprint(table) for table in sources],
        session.keyring.verifier_hex,
    )
    with session.scratch() as place:
        return session.materialise(
            "subjects",
            parameters={"as_of": span.as_of, **session.policy.subjects.parameters},
            extra={"subject_refs": Made(made_from, lambda: _refs(session, sources, place / "subject_refs"))},
        )


def _refs(session: Session, sources: Sequence[str], place: Path) -> Folder:
    sql = _KNOWN.format(people=session.project.render(_PEOPLE))
    inputs = {table: session.folder(table) for table in (*sources, "subjects")}
    people = session.engine.batches(sql, inputs, ROWS_AT_ONCE)
    return set_aside(place, session.project.contracts["subject_refs"].types, subject_refs(session, people))


def _devices(session: Session) -> StepResult:
    stored = session.lake.fingerprint("accepted_consent_events")
    fingerprint = fingerprint_of(_DEVICES, stored, session.keyring.verifier_hex)

    def named() -> Iterator[pa.RecordBatch]:
        inputs = {"accepted_consent_events": session.folder("accepted_consent_events")}
        for batch in session.engine.batches(_DEVICES, inputs, ROWS_AT_ONCE):
            ids = batch["device_id"].to_pylist()
            refs = Refs.of(session, (), ids, make=True)
            yield batch.append_column("device_ref", pa.array(map(refs.device, ids), pa.string()))

    wrote = session.stream("consent_devices", fingerprint, named)
    return StepResult({"consent_devices": session.lake.rows("consent_devices")}, skipped=not wrote)


def _tombstones(session: Session, span: Span) -> StepResult:
    """Add those of the erasures received by now. Who is under a legal hold has none yet: what they send is kept."""
    refs = [tombstone(session.keyring, each.subject) for each in asked(session, span.as_of).due]
    changed = bury(session, dict.fromkeys(refs))
    return StepResult({"suppressed_subjects": session.lake.rows("suppressed_subjects")}, skipped=not changed)
