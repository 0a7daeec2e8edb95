"""Whose rows are refused at the door: accounts and profiles that were erased, known by keyed hashes alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Engine, Folder, Scan, Session
from ..keys import pseudonym
from .making import made
from .sources import Source

_TABLE = "suppressed_subjects"
_AT_ONCE = 1 << 16
_PEOPLE = {"account": "varchar", "profile": "varchar", "account_ref": "varchar", "profile_ref": "varchar"}
_GONE = """
    select account, profile, max(erased_at) as erased_at
    from (
      select account, profile, erased_at from people join suppressed_subjects on account_ref = subject_ref
      union all
      select account, profile, erased_at from people join suppressed_subjects on profile_ref = subject_ref
    ) as found
    group by account, profile"""
WHOLE_ACCOUNT = frozenset({"consent_events", "subject_requests"})
"""Inputs whose rows may name no profile, and are then about all of an account."""


class Erased(NamedTuple):
    """What is refused of some landed rows: the values of these columns that single it out."""

    rows: Folder
    columns: tuple[str, ...]


def erased_among(session: Session, source: Source, landed: Scan, staged: str, work: Path) -> Erased | None:
    """The rows of erased people among some landed rows; None where there are none.

    Of requests, those received until the erasure was carried out are refused: they are answered, by its receipt. A
    later one, and one that still waits, is let in: what was asked for, and when, is the record that rights were
    honoured. `staged` is SQL text of the landed rows, typed.
    """
    if not source.of_accounts or not session.lake.rows(_TABLE):
        return None
    engine, types = session.engine, {"account": "varchar", "profile": "varchar"}
    query = f"select distinct {pair_of(source)} from landed where trim(account_id) <> ''"
    pairs = made(engine, work / "pairs", query, {"landed": landed}, types)
    people = _with_refs(session.keyring.derive("suppression"), pairs, work / "people")
    inputs = {"people": people, _TABLE: session.folder(_TABLE)}
    gone = made(engine, work / "gone", _GONE, inputs, {**types, "erased_at": "timestamp"})
    if source.name == "subject_requests" and _rows(gone):
        return _answered(engine, source, landed, staged, gone, work)
    return Erased(gone, ("account", "profile")) if _rows(gone) else None


def _with_refs(key: bytes, pairs: Folder, place: Path) -> Folder:
    """Accounts and profiles with their keyed hashes: here, some at a time, whichever engine runs the SQL, since the key
    goes nowhere else."""
    place.mkdir()
    schema = pa.schema(dict.fromkeys(_PEOPLE, pa.string()))
    file = place / "part-0.parquet"
    with pq.ParquetWriter(file, schema) as writer:
        for account, profile in _streamed(pairs):
            ids = [*zip(account, profile, strict=True)]
            refs = [pseudonym(key, one) for one in account], [pseudonym(key, *pair) for pair in ids]
            writer.write_table(pa.table([account, profile, *refs], schema=schema))
    return Folder(place, [file], _PEOPLE)


def _streamed(pairs: Folder) -> Iterator[tuple[list[str], list[str]]]:
    for file in pairs.files:
        with pq.ParquetFile(file) as parquet:
            for batch in parquet.iter_batches(_AT_ONCE, columns=["account", "profile"]):
                yield batch["account"].to_pylist(), batch["profile"].to_pylist()


def _answered(engine: Engine, source: Source, landed: Scan, staged: str, gone: Folder, work: Path) -> Erased | None:
    """Requests of erased people that were received until then; one whose time cannot be told, by its arrival day."""
    sql = f"""
        select asked._file, asked._line
        from (select *, coalesce(profile_id, '') as profile from ({staged}) as staged) as asked
        join gone on gone.account = asked.account_id and gone.profile = asked.profile
        where asked.received_at <= gone.erased_at
            or (asked.received_at is null and asked.arrival_day < cast(gone.erased_at as date))"""
    inputs = {source.landed: landed, "gone": gone}
    rows = made(engine, work / "answered", sql, inputs, {"_file": "varchar", "_line": "bigint"})
    return Erased(rows, ("_file", "_line")) if _rows(rows) else None


def _rows(folder: Folder) -> int:
    return sum(pq.read_metadata(file).num_rows for file in folder.files)


def pair_of(source: Source) -> str:
    """DuckDB text of a landed row's account and profile; what names no profile may be nobody's in particular."""
    absent = "''" if source.name in WHOLE_ACCOUNT else "'main'"
    profile = f"coalesce(nullif(trim(profile_id), ''), {absent})"
    return f"trim(account_id) as account, {profile} as profile"


def owner_of(source: str, row: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Account and profile that a row, as it was sent, is about: `pair_of` for one row; no profile is all of them."""
    account, profile = ((row.get(name) or "").strip() or None for name in ("account_id", "profile_id"))
    return account, profile or (None if source in WHOLE_ACCOUNT else "main")
