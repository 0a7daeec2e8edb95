"""Every table of the lake that knows people, and one person's rows of it.

Tables are found by their columns, so that none is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import pyarrow as pa

from ...consent.entries import Refs
from ...consent.record import opened
from ...engines import Input, Session
from ...engines.types import arrow_schema
from ...sql import Contract
from ...sql.contracts import load_contracts
from .people import Person
from .portable import Held

PERSONAL = frozenset(
    {"account_id", "profile_id", "device_id", "session_id", "subject_no", "account_ref", "profile_ref", "device_ref"}
    | {"subject_ref", "viewer_key", "account_key"}
)
"""Names of columns that tell people apart."""

ELSEWHERE = {
    "consent_words": "its subject_no holds for one snapshot; consent_timeline and the ledger say the same under ids",
    "consent_spans": "its subject_no holds for one snapshot; consent_timeline and the ledger say the same under ids",
    "consent_devices": "names no person; the consent events and ledger rows of a person name their devices and refs",
    "suppressed_subjects": "tombstones of erased people: nothing else is left of them",
}
"""Stored tables that tell people apart and of which no rows are handed over, each with why not."""

_LEDGER = "consent_ledger"
_KINDS = {
    "accepted_consent_events": "raw",
    "accepted_subject_requests": "requests",
    "hidden_titles": "requests",
    _LEDGER: "consents",
    "conflicting_consents": "consents",
    "malformed_signals": "consents",
    "consent_timeline": "consents",
    "recommendations": "inferences",
    "viewer_segments": "inferences",
}
_IDS = "(w.profile_id is null or t.profile_id is null or t.profile_id = w.profile_id)"
_REFS = "(w.profile_ref is null or t.profile_ref is null or t.profile_ref = w.profile_ref)"


def how(contract: Contract) -> str | None:
    """By what a table holds people: ids, account_id (whole accounts alone), refs or viewer_key; None: by nothing that
    leads to a person."""
    names = contract.types.keys()
    if "account_id" in names:
        return "ids" if "profile_id" in names else "account_id"
    if {"account_ref", "profile_ref"} <= names:
        return "refs"
    return "viewer_key" if "viewer_key" in names and contract.meta.purpose is not None else None


def stored(session: Session, person: Person) -> Iterator[Held]:
    """The person's rows of every stored table, tables without any included, in the order of their names.

    A table that has accounts and no profiles is left out for one profile: its rows may be another's of the household.
    """
    for name, contract in sorted(session.project.contracts.items()):
        by = how(contract)
        if by is None or name in ELSEWHERE or not session.lake.has(name):
            continue
        if by == "account_id" and person.profile_id is not None:
            continue
        rows = _said(session, person) if name == _LEDGER else _theirs(session, person, contract, by)
        yield Held(kind_of(name), name.removeprefix("accepted_"), contract, in_order(rows, contract))


def pseudonyms(session: Session, person: Person) -> Held:
    """The keys by which the purposes' tables hold the person."""
    contracts = session.project.contracts
    purposes = sorted({str(c.meta.purpose) for c in contracts.values() if how(c) == "viewer_key"})
    rows = [
        {"profile_id": profile, "purpose": purpose, "viewer_key": key}
        for purpose in purposes
        for profile, key in zip(person.profiles, session.keyring.viewer_keys(purpose, person.pairs), strict=True)
    ]
    return made("derived", "pseudonyms", answer_contract(session, "subject_pseudonyms"), rows)


def answer_contract(session: Session, name: str) -> Contract:
    """The contract of a table that is made for a person, from dbt_like_sql/answers."""
    return _answer_contracts(session.settings.sql / "answers")[name]


@cache
def _answer_contracts(folder: Path) -> dict[str, Contract]:
    return load_contracts(folder)


def made(kind: str, name: str, contract: Contract, rows: Sequence[Mapping[str, object]]) -> Held:
    """A table that is made for the person."""
    return Held(kind, name, contract, pa.Table.from_pylist([*rows], arrow_schema(contract.types)))


def kind_of(table: str) -> str:
    """The folder that a stored table is handed over in."""
    if table in _KINDS:
        return _KINDS[table]
    if table.startswith("disclos"):
        return "recipients"
    return "raw" if table.startswith("accepted_") else "derived"


def in_order(rows: pa.Table, contract: Contract) -> pa.Table:
    """Rows in the contract's columns, by time and then by all else: the same on every engine."""
    rows = rows.select(list(contract.types)).cast(arrow_schema(contract.types))
    plain = [name for name, kind in contract.types.items() if not kind.endswith("[]")]
    times = [name for name in plain if contract.types[name] == "timestamp"]
    order = [*times, *(name for name in plain if name not in times)]
    return rows.sort_by([(name, "ascending") for name in order])


def _theirs(session: Session, person: Person, contract: Contract, by: str) -> pa.Table:
    refs = _refs(session, person)
    wanted: dict[str, list[str | None]]
    if by in ("ids", "account_id"):
        wanted = {"account_id": [person.account_id], "profile_id": [person.profile_id]}
        on = "w.account_id = t.account_id" + (f" and {_IDS}" if by == "ids" else "")
    elif by == "refs":
        profile = None if person.profile_id is None else refs.profile(person.account_id, person.profile_id)
        wanted = {"account_ref": [refs.account(person.account_id)], "profile_ref": [profile]}
        on = f"w.account_ref = t.account_ref and {_REFS}"
    else:
        wanted = {"viewer_key": [*session.keyring.viewer_keys(str(contract.meta.purpose), person.pairs)]}
        on = "w.viewer_key = t.viewer_key"
    columns = ", ".join(f't."{name}"' for name in contract.types)
    people = pa.table({name: pa.array(values, pa.string()) for name, values in wanted.items()})
    inputs: dict[str, Input] = {contract.name: session.folder(contract.name), "wanted": people}
    return session.engine.fetch(f"select {columns} from {contract.name} as t join wanted as w on {on}", inputs)


def _said(session: Session, person: Person) -> pa.Table:
    """Rows of the ledger itself: the table in the lake ends with the last run."""
    refs = _refs(session, person)
    with opened(session) as ledger:
        rows = ledger.rows(datetime.max, account_ref=refs.account(person.account_id))
    if person.profile_id is None:
        return rows
    own = refs.profile(person.account_id, person.profile_id)
    return rows.filter(pa.array([ref in (None, own) for ref in rows.column("profile_ref").to_pylist()], pa.bool_()))


def _refs(session: Session, person: Person) -> Refs:
    return Refs.of(session, [(person.account_id, person.profile_id)])
