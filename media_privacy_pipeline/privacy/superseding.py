"""Superseding a released day of an installation: named, with a reason in words, and paid for once more."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import date

from ..engines import Session
from ..errors import Refused, UsageError
from .closed import counted_by, have_arrived
from .desk import Stored
from .open import open_desk
from .periods import days_of
from .release import supersede
from .statement_inputs import public_values, source_of
from .steps import statement_of


@dataclass(frozen=True)
class Superseded:
    """The release that stands now, and what the budget's days that end with the last charge cost an account since."""

    stored: Stored
    attempt: int
    epsilon_year: float


def supersede_day(session: Session, table: str, day: date, reason: str) -> Superseded:
    """Draw a released day of a table anew from what is permitted now. The next run puts it in the place of the old one,
    whose bytes and certificate are kept under their attempt.

    Raises UsageError for an unknown table or without a reason, Refused where the day was never released, where what it
    was made from is no longer whole, or past the cap; then nothing is charged and the old release stands.
    """
    statement = statement_of(session, table)
    if not reason.strip():
        raise UsageError("superseding a release needs a reason in words, for those who read its certificate")
    public = public_values(session, statement)
    days = days_of(statement, [day])
    if not all(public.values()) or not have_arrived(session, days, session.lake.days(counted_by(session, table))):
        raise Refused(f"{table} {day}: its arrival days or a catalogue are not at hand; drawn now it would lack them")
    desk = open_desk(session)
    with closing(desk.ledger):
        source = source_of(session, table, days)
        stored = supersede(
            table, statement, source, desk, session.engine, day=day, reason=reason.strip(), public=public
        )
        standing = desk.ledger.released(table, day.isoformat())
        attempt = standing.attempt if standing is not None else 0
        last = max(charge.day for charge in desk.ledger.charges())
        return Superseded(stored, attempt, desk.ledger.year_epsilon(last))
