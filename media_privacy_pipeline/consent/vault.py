"""The vault: who is decided about, under which refs; and the tombstones of those who were erased."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Made, Session, Span, StepResult
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


def identify(session: Session, span: Span) -> StepResult:
    """Write the vault (`subjects`, `consent_devices`) and add the tombstones of verified erasures."""
    results = [_subjects(session, span), _devices(session), _tombstones(session, span)]
    return StepResult(
        {table: rows for result in results for table, rows in result.rows.items()},
        skipped=all(result.skipped for result in results),
    )


def devices(session: Session) -> list[str]:
    """Every device that a consent event names, in order."""
    found = session.engine.fetch(_DEVICES, {"accepted_consent_events": session.folder("accepted_consent_events")})
    ids: list[str] = found["device_id"].to_pylist()
    return ids


def subject_refs(session: Session, people: Iterable[tuple[str, str]]) -> pa.Table:
    """Refs of (account_id, profile_id) pairs, numbered in the order of their ids; keys that are missing are made."""
    ordered = sorted(people)
    known = _stored_refs(session)
    # Most of the vault is there from the night before: a key is unwrapped for those alone who are new.
    new = [pair for pair in ordered if pair not in known]
    refs = Refs.of(session, new, make=True)
    known |= {pair: (refs.account(pair[0]), refs.profile(*pair)) for pair in new}
    return pa.table(
        {
            "account_id": pa.array([account for account, _ in ordered], pa.string()),
            "profile_id": pa.array([profile for _, profile in ordered], pa.string()),
            "subject_no": pa.array(range(1, len(ordered) + 1), pa.int32()),
            "account_ref": pa.array([known[pair][0] for pair in ordered], pa.string()),
            "profile_ref": pa.array([known[pair][1] for pair in ordered], pa.string()),
        }
    )


def _stored_refs(session: Session) -> dict[tuple[str, str], tuple[str, str]]:
    """Refs by (account_id, profile_id), as the vault was last written: keys are made once, so refs stay."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for file in session.lake.files("subjects"):
        rows = pq.read_table(file, columns=["account_id", "profile_id", "account_ref", "profile_ref"])
        accounts, profiles, *refs = (rows[name].to_pylist() for name in rows.column_names)
        found |= zip(zip(accounts, profiles, strict=True), zip(*refs, strict=True), strict=True)
    return found


def _subjects(session: Session, span: Span) -> StepResult:
    sources = sorted(session.project.sources(_PEOPLE))
    made_from = fingerprint_of(
        session.project.render(_PEOPLE),
        [session.lake.fingerprint(table) for table in sources],
        session.keyring.verifier_hex,
    )

    def make() -> pa.Table:
        found = session.engine.fetch(
            session.project.render(_PEOPLE), {table: session.folder(table) for table in sources}
        )
        people = zip(found["account_id"].to_pylist(), found["profile_id"].to_pylist(), strict=True)
        return subject_refs(session, people)

    return session.materialise(
        "subjects",
        parameters={"as_of": span.as_of, **session.policy.subjects.parameters},
        extra={"subject_refs": Made(made_from, make)},
    )


def _devices(session: Session) -> StepResult:
    fingerprint = fingerprint_of(
        _DEVICES, session.lake.fingerprint("accepted_consent_events"), session.keyring.verifier_hex
    )
    if session.lake.is_current("consent_devices", fingerprint):
        return StepResult({"consent_devices": session.lake.rows("consent_devices")}, skipped=True)
    ids = devices(session)
    refs = Refs.of(session, (), ids, make=True)
    table = pa.table(
        {"device_id": pa.array(ids, pa.string()), "device_ref": pa.array(map(refs.device, ids), pa.string())}
    )
    session.put("consent_devices", fingerprint, table)
    return StepResult({"consent_devices": table.num_rows})


def _tombstones(session: Session, span: Span) -> StepResult:
    """Add those of the erasures received by now. Who is under a legal hold has none yet: what they send is kept."""
    refs = [tombstone(session.keyring, each.subject) for each in asked(session, span.as_of).due]
    changed = bury(session, dict.fromkeys(refs))
    return StepResult({"suppressed_subjects": session.lake.rows("suppressed_subjects")}, skipped=not changed)
