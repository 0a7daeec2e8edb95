"""For how long each stored table is kept, from the policy; and whom a legal hold keeps longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple, get_args

from ...consent.record import opened
from ...engines import Input, Session
from ...keeping import EVENT_TIMES, EventSource, Held
from ...policy import Generalisation
from ...sql.permitted import permitted_name
from ..places import identifiers

Category = Literal["accepted", "permitted", "evidence", "derived", "disclosures", "undeclared"]

_HELD = "int_rights__held"
_WIDTH = {
    Generalisation.keep: timedelta(0),
    Generalisation.hour: timedelta(hours=1),
    Generalisation.daypart: timedelta(hours=6),
    Generalisation.day: timedelta(days=1),
}
EVIDENCE: Final = frozenset(
    {
        "accepted_consent_events",
        "accepted_subject_requests",
        "conflicting_consents",
        "consent_ledger",
        "malformed_signals",
        "suppressed_subjects",
    }
)
"""What was said and asked: proof that rows may be used and that rights were honoured (GDPR 5(2), 7(1)). Without them a
denial would be forgotten; they are kept as long as the ledger."""


class Window(NamedTuple):
    """How long the rows of a lake table are kept: `days` (None: no window of its own) from the time in column `time`,
    which was cut to `width`; from the end of the day of its partition where it has no such column."""

    table: str
    category: Category
    days: int | None = None
    time: str | None = None
    width: timedelta = timedelta(0)


def windows(session: Session) -> list[Window]:
    """The window of every stored table that holds rows about people, or has no contract to say that it does not."""
    events = {f"accepted_{source}": _accepted(session, source) for source in get_args(EventSource)}
    known = {**events, **{window.table: window for window in _permitted(session)}}
    found = []
    for table in session.lake.tables():
        contract = session.project.contracts.get(table)
        if table in known:
            found.append(known[table])
        elif contract is None:
            found.append(Window(table, "undeclared"))
        elif table == "disclosures":
            found.append(Window(table, "disclosures", session.policy.retention.disclosures_days))
        elif identifiers(session.project, contract):
            found.append(Window(table, "evidence" if table in EVIDENCE else "derived"))
    return found


def held_by(session: Session, as_of: datetime) -> Held:
    """Who is under a legal hold at a time, by the consent ledger as it is recorded by then."""
    if not session.lake.has("subjects"):
        return frozenset()
    with opened(session) as ledger:
        # A few rows of millions, which need not all be read every night.
        said = ledger.rows(as_of, states=("held", "hold_lifted"))
    inputs: dict[str, Input] = {"consent_ledger": said, "subjects": session.folder("subjects")}
    found = session.engine.fetch(session.project.render(_HELD, {"as_of": as_of}), inputs)
    return frozenset(zip(found["account_id"].to_pylist(), found["profile_id"].to_pylist(), strict=True))


def _accepted(session: Session, source: EventSource) -> Window:
    return Window(f"accepted_{source}", "accepted", session.policy.kept_days(source), EVENT_TIMES[source])


def _permitted(session: Session) -> Iterator[Window]:
    for purpose, rules in session.policy.purposes.items():
        for source, columns in rules.columns.items():
            if not columns:
                continue
            name = permitted_name(purpose, source)
            time = next((column for event, column in EVENT_TIMES.items() if event == source), None)
            if time is None:
                # Rows about people and not events: made anew each night, for who consents then.
                yield Window(name, "derived")
            elif time in columns:
                yield Window(name, "permitted", rules.window_of(source), time, _WIDTH[columns[time]])
            else:
                yield Window(name, "permitted", rules.window_of(source))
