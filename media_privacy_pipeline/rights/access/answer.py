"""Everything that is held about a person, put together: what both the export and the dashboard tell of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...consent.asking import decisions_about
from ...consent.reasons import REASONS
from ...engines import Session
from ...keeping import EVENT_TIMES
from ...published import Release
from .inferred import current_release, inferred
from .owed import allowances
from .people import Person
from .portable import Held
from .raw import refused
from .recipients import recipients
from .stored import answer_contract, in_order, made, pseudonyms, stored
from .windows import windows

KINDS = ("raw", "derived", "inferences", "consents", "requests", "recipients", "retention", "decisions")
"""The kinds of data, in the order in which they are told of."""


@dataclass(frozen=True)
class Answer:
    """All tables about a person as of a time (naive UTC), and the release that readers use, if there is one."""

    person: Person
    as_of: datetime
    tables: tuple[Held, ...]
    release: Release | None

    def table(self, name: str) -> Held:
        """One of them."""
        return next(held for held in self.tables if held.name == name)

    def of_kind(self, kind: str) -> list[Held]:
        """Those of a kind."""
        return [held for held in self.tables if held.kind == kind]


def gather(session: Session, person: Person, as_of: datetime) -> Answer:
    """Find everything; nothing is written. Decisions are as of the time, tables as they are stored."""
    release = current_release(session)
    held = list(stored(session, person))
    found = {table.name: table for table in held}
    decided = list(_decided(session, person, found, as_of))
    decisions = made("decisions", "decisions", answer_contract(session, "subject_decisions"), decided)
    used = made("retention", "windows", answer_contract(session, "subject_windows"), windows(session.policy, decided))
    tables = [
        *held,
        refused(session, person),
        pseudonyms(session, person),
        allowances(session, person),
        *inferred(session, person, release),
        recipients(session, person),
        Held(decisions.kind, decisions.name, decisions.contract, in_order(decisions.rows, decisions.contract)),
        used,
    ]
    tables.sort(key=lambda table: (KINDS.index(table.kind), table.name))
    return Answer(person, as_of, tuple(tables), release)


def _decided(session: Session, person: Person, found: Mapping[str, Held], as_of: datetime) -> Iterator[dict[str, Any]]:
    """Rows of `subject_decisions`."""
    events = {f"accepted_{source}": found[source].rows for source in EVENT_TIMES if source in found}
    times = {
        (source, row["event_id"]): row[time]
        for source, time in EVENT_TIMES.items()
        if source in found
        for row in found[source].rows.to_pylist()
    }
    for row in decisions_about(session, person.account_id, events, as_of):
        yield {
            "source": row["source"],
            "event_id": row["event_id"],
            "happened_at": times[row["source"], row["event_id"]],
            "purpose": row["purpose"],
            "allowed": not row["reason"],
            "reason": row["reason"],
            "meaning": REASONS[row["reason"]],
        }
