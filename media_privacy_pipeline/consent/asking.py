"""Asking for decisions outside a run: all events for one purpose, or the story of one event; nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from ..engines import Folder, Input, Session
from ..engines.duckdb import quote
from ..engines.scratch import set_aside
from ..engines.types import arrow_schema
from ..errors import UsageError
from ..sql.model import Parameter
from .decide import TIMELINE, clock
from .entries import Refs
from .record import opened
from .rules import purpose_ancestors, purpose_rules

REFS = ["account_id", "profile_id", "subject_no", "account_ref", "profile_ref"]
"""Columns of `subject_refs`, as the stored vault has them."""

_DECISIONS = "int_consent__decisions"
_EVENTS = ("accepted_viewing_events", "accepted_search_events")
_TIME = {"accepted_viewing_events": "started_at", "accepted_search_events": "searched_at"}
_NOW = ("consent_timeline", "consent_verdicts")
_STANDS = """
select t.profile_id, v.purpose, v.subject_reason, v.viewer_reason, v.state_reason, v.form_reason
from consent_timeline as t
join consent_verdicts as v
    on v.verdict_no = t.verdict_no
where t.device_id = '' and t.valid_from <= timestamp '{as_of}' and t.valid_until > timestamp '{as_of}'
"""


class Answer(NamedTuple):
    """What was decided of one event for one purpose, and the ledger rows that bear on it, the latest first.

    words: dicts with seq, scope, signal, state, purpose, effective_at, recorded_at, expires_at and notice_version.
    """

    purpose: str
    reason: str
    words: list[dict[str, Any]]


class Story(NamedTuple):
    """One event, and what was decided of it for every purpose of the policy."""

    event_id: str
    source: str
    happened_at: datetime
    arrived_on: date
    answers: list[Answer]


def timeline_tables(
    session: Session,
    as_of: datetime,
    said: Input,
    refs: Input,
    recipient: str | None = None,
    place: Path | None = None,
) -> dict[str, Input]:
    """All that `consent_timeline` and `consent_verdicts` are made from as of a time, and they themselves: in memory, or
    set aside under a folder where one is given, as it must be for more than a few people.

    `said` are rows of the ledger, `refs` the people to decide about: give fewer to ask about fewer. With a `recipient`,
    purposes that ask for a form of its own are decided for that recipient alone too (rules.named).
    """
    tables: dict[str, Input] = {
        "subject_refs": refs,
        "consent_ledger": said,
        "accepted_accounts": session.folder("accepted_accounts"),
        "consent_devices": session.folder("consent_devices"),
        "purpose_rules": purpose_rules(session.policy, recipient),
        "purpose_ancestors": purpose_ancestors(session.policy, recipient),
    }
    parameters: dict[str, Parameter] = {"as_of": as_of, **session.policy.subjects.parameters}
    for model in ("subjects", *TIMELINE):
        tables[model] = _made(session, model, tables, parameters, place)
    return tables


def everybody(session: Session, as_of: datetime, place: Path, recipient: str | None = None) -> dict[str, Input]:
    """`timeline_tables` of everybody in the vault as of a time, by the ledger as of then, set aside under a folder.

    Raises UsageError where nothing was taken in.
    """
    refs = _people(session)
    with opened(session) as ledger:
        said = set_aside(place / "said", session.project.contracts["consent_ledger"].types, ledger.batches(as_of))
    return timeline_tables(session, as_of, said, refs, recipient, place)


def decide(session: Session, as_of: datetime, purpose: str, target: Path) -> list[Path]:
    """Decide every event that had arrived by a time for a purpose, into Parquet files under an empty folder.

    Columns event_id, allowed, reason (empty where allowed), in the order of event_id. The ledger is read as it was
    recorded by then. Raises UsageError for a purpose that the policy does not know, and where nothing was taken in.
    """
    session.policy.known_purpose(purpose)
    with session.scratch() as place:
        _decide(session, as_of, purpose, target, place)
    return sorted(target.glob("*.parquet"))


def _decide(session: Session, as_of: datetime, purpose: str, target: Path, place: Path) -> None:
    tables = everybody(session, as_of, place)
    tables |= _marks(session, tables, as_of, place)
    for table in _EVENTS:
        tables[table] = _events(session, table, as_of)
    sql = f"""
        select event_id, reason = '' as allowed, reason
        from ({session.project.render(_DECISIONS, clock(as_of))}) as decided
        where purpose = '{purpose}'
        order by event_id"""
    inputs = {name: tables[name] for name in session.project.sources(_DECISIONS)}
    session.engine.write(sql, inputs, target)


def why(session: Session, event_id: str, as_of: datetime) -> list[Story]:
    """The story of an event as of a time: a viewing event and a search may share an id, hence a list.

    Raises UsageError where no accepted event has the id.
    """
    found = [story for table in _EVENTS for story in _stories(session, table, event_id, as_of)]
    if not found:
        raise UsageError(
            "no accepted event has this id: it may not have arrived by then, or was refused at the door "
            "(`media-privacy quarantine`)"
        )
    return found


def decisions_about(
    session: Session, account_id: str, events: Mapping[str, pa.Table], as_of: datetime
) -> list[dict[str, Any]]:
    """Decide some events of one account (rows of the accepted tables, by table) for every purpose as of a time.

    Dicts with source, event_id, purpose and reason, empty where it is allowed.
    """
    _, tables = _household(session, account_id, as_of)
    rows: list[dict[str, Any]] = _decided(session, tables, events, as_of).to_pylist()
    return rows


def stands(session: Session, account_id: str, as_of: datetime) -> dict[str, dict[str, str]]:
    """What holds at a time for each profile of an account: the reason against each purpose, empty where none is.

    Devices with words of their own, single events and windows are left out of it.
    """
    _, tables = _household(session, account_id, as_of)
    rows = session.engine.fetch(_STANDS.format(as_of=as_of), {name: tables[name] for name in _NOW}).to_pylist()
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        reasons = (row["subject_reason"], row["viewer_reason"], row["state_reason"], row["form_reason"])
        found.setdefault(row["profile_id"], {})[row["purpose"]] = next(filter(None, reasons), "")
    return found


def _stories(session: Session, table: str, event_id: str, as_of: datetime) -> list[Story]:
    wanted = f"select * from {table} where event_id = {quote(event_id)}"
    rows = session.engine.fetch(wanted, {table: _events(session, table, as_of)})
    return [_story(session, table, rows.slice(n, 1), as_of) for n in range(rows.num_rows)]


def _story(session: Session, table: str, event: pa.Table, as_of: datetime) -> Story:
    row = event.to_pylist()[0]
    account, profile = row["account_id"], row["profile_id"]
    refs = Refs.of(session, [(account, profile)], filter(None, [row.get("device_id")]))
    said, tables = _household(session, account, as_of)
    decided = _decided(session, tables, {table: event}, as_of).to_pylist()
    reasons = {each["purpose"]: each["reason"] for each in decided}
    heard = _heard(said, refs.profile(account, profile), row.get("device_id") and refs.device(row["device_id"]))
    answers = [
        Answer(purpose, reasons[purpose], [word for word in heard if _bears_on(session, word, purpose)])
        for purpose in session.policy.purposes
    ]
    return Story(row["event_id"], table.removeprefix("accepted_"), row[_TIME[table]], row["arrival_day"], answers)


def _household(session: Session, account_id: str, as_of: datetime) -> tuple[pa.Table, dict[str, Input]]:
    """What the ledger holds of a household, and the tables that decide about it."""
    ref = Refs.of(session, [(account_id, None)]).account(account_id)
    with opened(session) as ledger:
        said = ledger.rows(as_of, account_ref=ref)
    sql = f"select {', '.join(REFS)} from subjects where account_id = {quote(account_id)} order by subject_no"
    people = session.engine.fetch(sql, {"subjects": _people(session)})
    return said, timeline_tables(session, as_of, said, people)


def _decided(session: Session, tables: dict[str, Input], events: Mapping[str, pa.Table], as_of: datetime) -> pa.Table:
    tables = {**tables, **_marks(session, tables, as_of)}
    for name in _EVENTS:
        tables[name] = events.get(name, arrow_schema(session.project.contracts[name].types).empty_table())
    inputs = {name: tables[name] for name in session.project.sources(_DECISIONS)}
    return session.engine.fetch(session.project.render(_DECISIONS, clock(as_of)), inputs)


def _heard(said: pa.Table, profile_ref: str, device_ref: str | None) -> list[dict[str, Any]]:
    """Rows of a household's that are about one profile and device, the latest first; GPC is about all of them."""
    rows = [
        word
        for word in said.to_pylist()
        if word["signal"] == "gpc"
        or (
            word["profile_ref"] in (None, profile_ref)
            and (word["scope"] != "device" or word["device_ref"] == device_ref)
        )
    ]
    return sorted(rows, key=lambda word: (word["effective_at"], word["seq"]), reverse=True)


def _bears_on(session: Session, word: dict[str, Any], purpose: str) -> bool:
    return word["purpose"] == "*" or word["purpose"] in session.policy.denied_by(purpose)


def _marks(session: Session, tables: dict[str, Input], as_of: datetime, place: Path | None = None) -> dict[str, Input]:
    """Private sessions and hidden titles, as of a time."""
    stored: dict[str, Input] = {
        "accepted_viewing_events": _events(session, "accepted_viewing_events", as_of),
        "accepted_subject_requests": session.folder("accepted_subject_requests"),
    }
    names = ("private_sessions", "hidden_titles")
    return {name: _made(session, name, {**stored, **tables}, {"as_of": as_of}, place) for name in names}


def _made(
    session: Session, model: str, tables: dict[str, Input], parameters: dict[str, Parameter], place: Path | None
) -> Input:
    read = {table: tables[table] for table in session.project.sources(model)}
    sql = session.project.render(model, parameters)
    if place is None:
        return session.engine.fetch(sql, read)
    folder = place / model
    folder.mkdir()
    session.engine.write(sql, read, folder)
    return Folder(folder, sorted(folder.glob("*.parquet")), session.project.contracts[model].types)


def _people(session: Session) -> Folder:
    """The vault, as `subject_refs` has its columns."""
    if not session.lake.has("subjects"):
        raise UsageError("nothing was taken in yet: give --landing, or run `media-privacy run` first")
    stored = session.folder("subjects")
    return Folder(stored.root, stored.files, {name: stored.types[name] for name in REFS})


def _events(session: Session, table: str, as_of: datetime) -> Folder:
    """What had arrived by a time."""
    return session.folder(table, [day for day in session.lake.days(table) if datetime.combine(day, time()) < as_of])
