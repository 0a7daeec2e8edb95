"""What landed of a person beyond what was accepted: refused rows as they were sent, and the fate of every row."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ...engines import Session
from ...errors import Refused
from ...landing import quarantine
from ...landing.erased import owner_of
from ...landing.looking import look_for
from ...landing.sources import SOURCES, source_of
from .fates import fates, unbalanced
from .people import Person
from .portable import Held
from .stored import answer_contract, made


@dataclass(frozen=True)
class Accounted:
    """What became of the rows of a person; `torn` and `unreadable` are rows and files of which nobody can say whose
    they are, see landing.looking."""

    table: Held
    torn: int
    unreadable: int


def person_sources(session: Session) -> list[str]:
    """The inputs that are about people."""
    return [name for name in SOURCES if source_of(session.project, name).of_accounts]


def refused(session: Session, person: Person) -> Held:
    """The rows of the person that the quarantine keeps. Raises Refused where it cannot be opened with this key file."""
    rows: list[dict[str, object]] = [
        {
            "source": source,
            "arrival_day": day,
            "file": each.file,
            "line": each.line,
            "reason": each.reason,
            "row": json.dumps({name: value for name, value in each.row.items() if value is not None}),
        }
        for source in person_sources(session)
        for day in quarantine.days(session, source)
        for each in quarantine.read(session, source, day)
        if each.row is not None and person.owns(*owner_of(source, each.row))
    ]
    return made("raw", "refused", answer_contract(session, "subject_refused"), rows)


def accounted(session: Session, person: Person, accepted: Mapping[str, Held]) -> Accounted:
    """Read the landing zone and say what became of every row of the person; `accepted` are theirs by input.

    Raises UsageError where there is no landing zone, and Refused where rows cannot all be accounted for.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    own = {"account_id": person.account_id}
    torn = unreadable = 0
    for name in person_sources(session):
        source = source_of(session.project, name)
        days = session.lake.days(source.accepted)
        last = max(session.lake.days("accepted_viewing_events"), default=date.min)
        landed = look_for(session, name, person.account_id, last)
        found = fates(
            [row for row in landed.rows if person.owns(row["account_id"], row["profile_id"])],
            accepted[name].rows.to_pylist(),
            identity=source.identity,
            taken_in=frozenset(days),
            erased=sum(person.owns(*owner_of(name, {**own, "profile_id": profile})) for profile in landed.erased),
        )
        if unbalanced(found):
            raise Refused(
                f"{name}: {abs(unbalanced(found))} rows of this person are not accounted for, so the answer would not "
                "be complete: a file changed while it was read, or this is a fault of the pipeline; ask again"
            )
        counts.update({(name, stage, reason): rows for (stage, reason), rows in found.items()})
        torn, unreadable = torn + landed.torn, unreadable + landed.unreadable
    rows: list[dict[str, object]] = [
        {"source": source, "stage": stage, "reason": reason, "rows": number}
        for (source, stage, reason), number in sorted(counts.items())
    ]
    return Accounted(made("raw", "accounting", answer_contract(session, "subject_accounting"), rows), torn, unreadable)
