"""Builds a candidate: reads the lake, carries over what did not change, writes the rest, and drafts the manifest."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from ..engines import Session
from ..engines.types import arrow_schema
from ..lake import fingerprint_of
from ..sql import Access, Contract, ProtectedBy
from .crypt import encryption, table_key
from .manifest import ColumnEntry, FileEntry, Manifest, TableEntry
from .rows import RELEASE_ID, content_of, digest_of, in_order, read_rows, release_contract, write_rows
from .shelf import Shelf, layout_of

LATE = ("audit_findings",)
"""Tables that exist only after the candidate was audited: publish adds them."""


@dataclass(frozen=True)
class Part:
    """One file of a table to be: its rows (None: carried over), and the entry of the file that holds them already."""

    day: date | None
    content: str
    source: str
    rows: pa.Table | None
    carried: FileEntry | None


@dataclass(frozen=True)
class Staged:
    """One table, before it is written."""

    contract: Contract
    parts: tuple[Part, ...]

    @property
    def identity(self) -> list[object]:
        """What the release id is made of."""
        return [contract_digest(self.contract), [(part.day, part.content) for part in self.parts]]


def published_contracts(session: Session) -> dict[str, Contract]:
    """Every table that leaves the house, under its contract as published."""
    contracts = session.project.contracts.values()
    return {c.name: release_contract(c) for c in contracts if c.meta.access is not Access.internal}


def contract_digest(contract: Contract) -> str:
    """Identity of a contract's text."""
    return fingerprint_of(contract.model_dump(mode="json"))


def stage(session: Session, contract: Contract, before: Manifest | None, shelf: Shelf) -> Staged:
    """Read one table of the lake and find out which of its files the release before has already."""
    kept = _reusable(contract, before, shelf)
    plain = session.project.contracts[contract.name]
    days: list[date | None] = list(session.lake.days(contract.name)) or [None]
    return Staged(contract, tuple(_part(session, plain, day, kept.get(day)) for day in days))


def _part(session: Session, contract: Contract, day: date | None, kept: FileEntry | None) -> Part:
    source = digest_of(*session.lake.files(contract.name, None if day is None else [day]))
    if kept is not None and kept.source == source:
        return Part(day, kept.content, source, None, kept)
    rows = read_rows(session.lake, contract, day)
    content = content_of(rows, session.keyring.derive("published", "content"))
    if kept is not None and kept.content == content:
        return Part(day, content, source, None, kept)
    return Part(day, content, source, rows, None)


def _reusable(contract: Contract, before: Manifest | None, shelf: Shelf) -> dict[date | None, FileEntry]:
    entry = before.tables.get(contract.name) if before is not None else None
    if entry is None or entry.contract_digest != contract_digest(contract):
        return {}
    there = shelf.present([file.path for file in entry.files])
    return {file.day: file for file in entry.files if file.path in there}


def write(session: Session, staged: Staged, release_id: str, as_of: datetime) -> TableEntry:
    """Write a table's new files into the candidate's folder and describe the table."""
    contract, folder = staged.contract, layout_of(session.settings).candidate(release_id)
    place = Path(contract.meta.access.value, contract.name, release_id)
    shutil.rmtree(folder / place, ignore_errors=True)
    files = [part.carried or _write_part(session, contract, part, release_id, folder, place) for part in staged.parts]
    policy, restricted = session.policy.published, contract.meta.access is Access.restricted
    return TableEntry(
        access=contract.meta.access,
        purpose=contract.meta.purpose,
        protected_by=contract.meta.protected_by,
        contract_version=contract.meta.version,
        contract_digest=contract_digest(contract),
        columns=tuple(_column(session, contract, name) for name in contract.types),
        rows=sum(file.rows for file in files),
        files=tuple(files),
        expires_at=as_of + timedelta(days=policy.restricted_expires_days) if restricted else None,
    )


def _write_part(
    session: Session, contract: Contract, part: Part, release_id: str, folder: Path, place: Path
) -> FileEntry:
    table = part.rows
    if table is None:
        raise ValueError(f"{contract.name}: a part without rows and without a file to carry over")
    if RELEASE_ID in contract.types and RELEASE_ID not in table.column_names:
        table = table.append_column(RELEASE_ID, pa.repeat(pa.scalar(release_id, pa.string()), table.num_rows))
    table = in_order(table.cast(arrow_schema(contract.types)), contract)
    name = place / f"part-{part.day.isoformat() if part.day else '0'}.parquet"
    key = None
    if contract.meta.access is Access.restricted:
        purpose = str(contract.meta.purpose)
        key = encryption(table_key(session.keyring, purpose), purpose)
    write_rows(table, folder / name, key)
    if contract.meta.protected_by == ProtectedBy.dp and part.day is not None:
        from ..privacy.open import certificate_of

        certified = certificate_of(session, contract.name, part.day)
        if certified.exists():
            shutil.copyfile(certified, folder / place / f"certificate-{part.day.isoformat()}.json")
    return FileEntry(
        path=name.as_posix(),
        sha256=digest_of(folder / name),
        bytes=(folder / name).stat().st_size,
        rows=table.num_rows,
        day=part.day,
        content=part.content,
        source=part.source,
    )


def _column(session: Session, contract: Contract, name: str) -> ColumnEntry:
    column = next(column for column in contract.columns if column.name == name)
    privacy = column.privacy or session.project.privacy_class(contract.name, name)
    return ColumnEntry(name=name, type=column.data_type, privacy=privacy, description=column.description)
