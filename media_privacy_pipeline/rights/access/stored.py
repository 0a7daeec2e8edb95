"""Every table of the lake that knows people, and one person's rows of it.

Tables are found as an erasure finds them, so that none is forgotten.
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
from ..places import How, Place, places
from .people import Person
from .portable import Held

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
    "weekly_discovery": "inferences",
    "context_recommendations": "inferences",
    "viewer_segments": "inferences",
    "viewer_segments_advertising": "inferences",
    "disclosures": "recipients",
}
_IDS = "(w.profile_id is null or t.profile_id is null or t.profile_id = w.profile_id)"


def stored(session: Session, person: Person) -> Iterator[Held]:
    """The person's rows of every stored table, tables without any included, in the order of their names.

    A table that has accounts and no profiles is left out for one profile: its rows may be another's of the household.
    """
    for place in places(session):
        name, contract = place.table, session.project.contracts[place.table]
        of_accounts_alone = place.how is How.by_account and "profile_id" not in place.columns
        if name in ELSEWHERE or (of_accounts_alone and person.profile_id is not None):
            continue
        rows = _said(session, person) if name == _LEDGER else _theirs(session, person, contract, place)
        yield Held(kind_of(name), name.removeprefix("accepted_"), contract, in_order(rows, contract))


def pseudonyms(session: Session, person: Person) -> Held:
    """The keys by which the purposes' tables hold the person."""
    contracts = session.project.contracts
    known = [c for c in contracts.values() if "viewer_key" in c.types and c.meta.purpose is not None]
    purposes = sorted({str(c.meta.purpose) for c in known})
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
    return _KINDS.get(table) or ("raw" if table.startswith("accepted_") else "derived")


def in_order(rows: pa.Table, contract: Contract) -> pa.Table:
    """Rows in the contract's columns, by time and then by all else: the same on every engine."""
    rows = rows.select(list(contract.types)).cast(arrow_schema(contract.types))
    plain = [name for name, kind in contract.types.items() if not kind.endswith("[]")]
    times = [name for name in plain if contract.types[name] == "timestamp"]
    order = [*times, *(name for name in plain if name not in times)]
    return rows.sort_by([(name, "ascending") for name in order])


def _theirs(session: Session, person: Person, contract: Contract, place: Place) -> pa.Table:
    wanted: dict[str, list[str | None]]
    if place.how is How.by_account:
        wanted = {"account_id": [person.account_id], "profile_id": [person.profile_id]}
        on = "w.account_id = t.account_id" + (f" and {_IDS}" if "profile_id" in place.columns else "")
    else:
        wanted = {"viewer_key": [*session.keyring.viewer_keys(str(contract.meta.purpose), person.pairs)]}
        on = "w.viewer_key = t.viewer_key"
    columns = ", ".join(f't."{name}"' for name in contract.types)
    people = pa.table({name: pa.array(values, pa.string()) for name, values in wanted.items()})
    inputs: dict[str, Input] = {contract.name: session.folder(contract.name), "wanted": people}
    return session.engine.fetch(f"select {columns} from {contract.name} as t join wanted as w on {on}", inputs)


def _said(session: Session, person: Person) -> pa.Table:
    """Rows of the ledger itself: the table in the lake ends with the last run."""
    refs = Refs.of(session, [(person.account_id, person.profile_id)])
    with opened(session) as ledger:
        rows = ledger.rows(datetime.max, account_ref=refs.account(person.account_id))
    if person.profile_id is None:
        return rows
    own = refs.profile(person.account_id, person.profile_id)
    return rows.filter(pa.array([ref in (None, own) for ref in rows.column("profile_ref").to_pylist()], pa.bool_()))
