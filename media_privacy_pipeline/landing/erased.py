"""Whose rows are refused at the door: accounts and profiles that were erased, known by keyed hashes alone."""

from __future__ import annotations

import pyarrow as pa

from ..engines import Engine, Scan, Session
from ..keys import pseudonym
from .sources import Source

_TABLE = "suppressed_subjects"


def erased_among(session: Session, reading: Engine, source: Source, landed: str) -> pa.Table | None:
    """The erased (account, profile) pairs among some landed rows (DuckDB text); None where nobody was erased.

    Requests are let in always: what was asked for, and when, is the record that rights were honoured.
    """
    if source.name == "subject_requests" or "account_id" not in source.columns or not session.lake.rows(_TABLE):
        return None
    refs = reading.fetch(f"select subject_ref from {_TABLE}", {_TABLE: session.folder(_TABLE)})
    erased = set(refs.column("subject_ref").to_pylist())
    query = f"select distinct {pair_of(source)} from landed where trim(account_id) <> ''"
    pairs = reading.fetch(query, {"landed": Scan(landed)})
    key = session.keyring.derive("suppression")
    ids = zip(pairs.column("account").to_pylist(), pairs.column("profile").to_pylist(), strict=True)
    found = [pseudonym(key, *one[:1]) in erased or pseudonym(key, *one) in erased for one in ids]
    return pairs.filter(pa.array(found, pa.bool_())) if any(found) else None


def pair_of(source: Source) -> str:
    """DuckDB text of a landed row's account and profile; a consent that names no profile is nobody's in particular."""
    absent = "''" if source.name == "consent_events" else "'main'"
    profile = f"coalesce(nullif(trim(profile_id), ''), {absent})"
    return f"trim(account_id) as account, {profile} as profile"
