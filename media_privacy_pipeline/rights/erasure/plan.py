"""What an erasure would do: counts, without changing anything."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from ...consent.erasures import asked
from ...engines import Session, Span
from ...errors import UsageError
from .journal import people_of, under_way
from .rewriting import rows_of


class Plan(NamedTuple):
    """Requests that are due, held and carried out without a receipt yet, and the rows that would go, by table."""

    due: int
    held: int
    under_way: int
    rows: dict[str, int]


def plan(session: Session, span: Span) -> Plan:
    """Count what the requests that were let in so far would take out of the lake.

    Raises UsageError where nothing was taken in yet.
    """
    if not session.lake.has("subjects"):
        raise UsageError(f"{session.settings.home}: nothing was taken in yet: run `media-privacy run` first")
    found = asked(session, span.as_of)
    rows: Counter[str] = Counter()
    if found.due:
        for table, _, count in rows_of(session, people_of(session, found.due)):
            rows[table] += count
    waiting = sum(len(journal.requests) for journal in under_way(session))
    return Plan(len(found.due), len(found.held), waiting, dict(sorted(rows.items())))
