"""Erasures that were asked for: which are due as of a time, which wait for a legal hold, and who has a tombstone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Session
from ..keys import Keyring, pseudonym
from ..lake import fingerprint_of

_TABLE = "suppressed_subjects"
_TYPES = pa.schema([("subject_ref", pa.string()), ("erased_at", pa.timestamp("us"))])
# An account is erased whole: where one of its profiles is held, all of it waits.
_ASKED = """
select
    r.request_id,
    r.account_id,
    r.profile_id,
    r.received_at,
    max(case when s.status = 'on_hold' then 1 else 0 end) as held
from accepted_subject_requests as r
left join subjects as s
    on s.account_id = r.account_id and (r.profile_id is null or s.profile_id = r.profile_id)
where r.kind = 'erasure' and r.verified and r.received_at <= cast('{as_of}' as timestamp)
group by r.request_id, r.account_id, r.profile_id, r.received_at
order by r.received_at, r.request_id
"""


class Erasure(NamedTuple):
    """One verified request; no profile_id is the whole account, with all its profiles."""

    request_id: str
    account_id: str
    profile_id: str | None
    received_at: datetime

    @property
    def subject(self) -> tuple[str, ...]:
        """The ids that the tombstone is made of."""
        return (self.account_id,) if self.profile_id is None else (self.account_id, self.profile_id)


class Asked(NamedTuple):
    """Verified requests received by a time: those to be carried out, and those that a legal hold keeps waiting."""

    due: list[Erasure]
    held: list[Erasure]


def asked(session: Session, as_of: datetime) -> Asked:
    """What was asked for by a time and is not done; what is done is no longer among the accepted requests.

    The vault must be of the same time: it says who is held (GDPR 17(3)(e), case 47).
    """
    tables = {name: session.folder(name) for name in ("accepted_subject_requests", "subjects")}
    found = Asked([], [])
    for row in session.engine.fetch(_ASKED.format(as_of=as_of), tables).to_pylist():
        kind = found.held if row.pop("held") else found.due
        kind.append(Erasure(**row))
    return found


def tombstone(keyring: Keyring, subject: Iterable[str]) -> str:
    """The keyed hash that an erased account, or profile of an account, is known by ever after."""
    return pseudonym(keyring.derive("suppression"), *subject)


def tombstones(session: Session) -> dict[str, datetime | None]:
    """Every tombstone with the time as of which the erasure was carried out; None where it was only asked for."""
    found: dict[str, datetime | None] = {}
    for file in session.lake.files(_TABLE):
        rows = pq.ParquetFile(file).read()
        found.update(zip(rows["subject_ref"].to_pylist(), rows["erased_at"].to_pylist(), strict=True))
    return found


def bury(session: Session, found: Mapping[str, datetime | None]) -> bool:
    """Add tombstones to those that are there; whether anything changed. None ever goes, nor the time of one."""
    there = tombstones(session)
    every = {**found, **there}
    every |= {ref: at for ref, at in found.items() if at is not None and there.get(ref) is None}
    rows = sorted(every.items(), key=lambda one: one[0])
    fingerprint = fingerprint_of(_TABLE, rows)
    columns = [[ref for ref, _ in rows], [at for _, at in rows]]
    table = pa.table([pa.array(c, f.type) for c, f in zip(columns, _TYPES, strict=True)], schema=_TYPES)
    return session.snapshot(_TABLE, fingerprint, table)
