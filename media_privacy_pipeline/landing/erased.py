"""Whose rows are refused at the door: accounts and profiles that were erased, known by keyed hashes alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa

from ..engines import Engine, Scan, Session
from ..keys import pseudonym
from .sources import Source

_TABLE = "suppressed_subjects"
WHOLE_ACCOUNT = frozenset({"consent_events", "subject_requests"})
"""Inputs whose rows may name no profile, and are then about all of an account."""


class Erased(NamedTuple):
    """What is refused of some landed rows: the values of these columns that single it out."""

    rows: pa.Table
    columns: tuple[str, ...]


def erased_among(session: Session, reading: Engine, source: Source, landed: str, staged: str) -> Erased | None:
    """The rows of erased people among some landed rows (DuckDB text); None where there are none.

    Of requests, those received until the erasure was carried out are refused: they are answered, by its receipt. A
    later one, and one that still waits, is let in: what was asked for, and when, is the record that rights were
    honoured. `staged` is DuckDB text of the landed rows, typed.
    """
    if not source.of_accounts or not session.lake.rows(_TABLE):
        return None
    stones = reading.fetch(f"select subject_ref, erased_at from {_TABLE}", {_TABLE: session.folder(_TABLE)})
    erased = dict(zip(stones["subject_ref"].to_pylist(), stones["erased_at"].to_pylist(), strict=True))
    query = f"select distinct {pair_of(source)} from landed where trim(account_id) <> ''"
    pairs = reading.fetch(query, {"landed": Scan(landed)})
    key = session.keyring.derive("suppression")
    ids = zip(pairs.column("account").to_pylist(), pairs.column("profile").to_pylist(), strict=True)
    stone = [[pseudonym(key, *one[:1]), pseudonym(key, *one)] for one in ids]
    if source.name == "subject_requests":
        since = [max((erased[ref] for ref in refs if erased.get(ref) is not None), default=None) for refs in stone]
        return _answered(reading, source, landed, staged, pairs, since)
    found = [any(ref in erased for ref in refs) for refs in stone]
    return Erased(pairs.filter(pa.array(found, pa.bool_())), ("account", "profile")) if any(found) else None


def _answered(
    reading: Engine, source: Source, landed: str, staged: str, pairs: pa.Table, since: list[datetime | None]
) -> Erased | None:
    """Requests of erased people that were received until then; one whose time cannot be told, by its arrival day."""
    gone = pairs.append_column("erased_at", pa.array(since, pa.timestamp("us"))).filter(
        pa.array([at is not None for at in since], pa.bool_())
    )
    if not gone.num_rows:
        return None
    sql = f"""
        select asked._file, asked._line
        from (select *, coalesce(profile_id, '') as profile from ({staged})) as asked
        join gone on gone.account = asked.account_id and gone.profile = asked.profile
        where asked.received_at <= gone.erased_at
            or (asked.received_at is null and asked.arrival_day < cast(gone.erased_at as date))"""
    rows = reading.fetch(sql, {source.landed: Scan(landed), "gone": gone})
    return Erased(rows, ("_file", "_line")) if rows.num_rows else None


def pair_of(source: Source) -> str:
    """DuckDB text of a landed row's account and profile; what names no profile may be nobody's in particular."""
    absent = "''" if source.name in WHOLE_ACCOUNT else "'main'"
    profile = f"coalesce(nullif(trim(profile_id), ''), {absent})"
    return f"trim(account_id) as account, {profile} as profile"


def owner_of(source: str, row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Account and profile that a row, as it was sent, is about: `pair_of` for one row; no profile is all of them."""
    account, profile = ((row.get(name) or "").strip() or None for name in ("account_id", "profile_id"))
    return account, profile or (None if source in WHOLE_ACCOUNT else "main")
