"""What the publishing gate asks of consent: whether the source is fresh, whether anything is used, who stands now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Session, Span
from ..engines.scratch import ROWS_AT_ONCE
from ..errors import Refused
from ..sql.model import Parameter
from ..sql.permitted import permitted_name
from .asking import everybody
from .permit import purpose_keys
from .record import opened
from .rules import named

_HANDED = "int_consent__handed"
_STANDING = """
select t.account_id, t.profile_id
from consent_timeline as t
join consent_verdicts as v
    on v.verdict_no = t.verdict_no
where
    t.device_id = ''
    and t.valid_from <= timestamp '{as_of}'
    and t.valid_until > timestamp '{as_of}'
    and v.purpose = '{purpose}'
    and v.subject_reason = ''
    and v.viewer_reason = ''
    and v.state_reason = ''
    and v.form_reason = ''
order by t.account_id, t.profile_id
"""


def standing(session: Session, as_of: datetime, purpose: str) -> pa.Table:
    """`viewer_key` of everybody whose consent to a purpose stands at a time, by the ledger as it is now (rule 5).

    The decision is made anew from the ledger, so that a choice recorded since the run decided is heard. Raises
    UsageError for a purpose that the policy does not know.
    """
    keys = purpose_keys(session, purpose, _standing(session, as_of, purpose))
    schema = pa.schema([("viewer_key", pa.string())])
    return pa.Table.from_batches([batch.select(schema.names) for batch in keys], schema)


def standing_people(
    session: Session, as_of: datetime, purpose: str, recipient: str | None = None
) -> list[tuple[str, str]]:
    """(account_id, profile_id) of everybody whose consent to a purpose stands at a time, in order.

    With a recipient, their rows may be handed to it: by a form that names it, or by one that names nobody and was not
    taken back for it; and no device of theirs says otherwise. Raises UsageError for a purpose that the policy does not
    know.
    """
    people = _standing(session, as_of, purpose, recipient)
    return [pair for batch in people for pair in zip(*(column.to_pylist() for column in batch.columns), strict=True)]


def _standing(
    session: Session, as_of: datetime, purpose: str, recipient: str | None = None
) -> Iterator[pa.RecordBatch]:
    session.policy.known_purpose(purpose)
    if not session.lake.files("subjects"):
        return
    with session.scratch() as place:
        tables = everybody(session, as_of, place, recipient)
        inputs = {table: tables[table] for table in ("consent_timeline", "consent_verdicts")}
        yield from session.engine.batches(_asked(session, as_of, purpose, recipient), inputs, ROWS_AT_ONCE)


def _asked(session: Session, as_of: datetime, purpose: str, recipient: str | None) -> str:
    """The query for account_id and profile_id of those whose consent stands."""
    if recipient is None:
        return _STANDING.format(as_of=as_of, purpose=purpose)
    asked: dict[str, Parameter] = {"as_of": as_of, "purpose": purpose, "named": named(purpose, recipient)}
    handed = session.project.render(_HANDED, asked)
    return f"select account_id, profile_id from ({handed}) as people order by account_id, profile_id"


def source_age(session: Session, span: Span) -> timedelta | None:
    """How long before the as-of time the consent source was last heard; None where it never was.

    Heard is a row that was recorded, or a delivery without rows on a day of its own.
    """
    with opened(session) as ledger:
        heard = ledger.newest(span.as_of)
    days = [day for day in _delivered(session) if datetime.combine(day, time()) < span.as_of]
    if days:
        end = min(datetime.combine(max(days) + timedelta(days=1), time()), span.as_of)
        heard = end if heard is None else max(heard, end)
    return None if heard is None else span.as_of - heard


def check_source(session: Session, span: Span) -> None:
    """Raise Refused where the consent source is older than the policy allows: withdrawals may be waiting in it."""
    allowed = session.policy.consent.max_source_age_days
    age = source_age(session, span)
    if age is None:
        raise Refused(
            "consent: no consent event was ever delivered, so nobody can have agreed: deliver consent_events, run again"
        )
    if age > timedelta(days=allowed):
        raise Refused(
            f"consent: nothing was heard of the consent source in the {age.days} days before the as-of time, and the "
            f"policy allows {allowed} (consent.max_source_age_days): deliver consent_events, if only an empty file, "
            "and run again"
        )


def check_used(session: Session) -> None:
    """Raise Refused where no row may be used for any purpose and the policy does not want an empty release."""
    if session.policy.consent.empty_release_wanted:
        return
    tables = [
        permitted_name(purpose, table)
        for purpose, rules in session.policy.purposes.items()
        for table, columns in rules.columns.items()
        if columns
    ]
    if not any(session.lake.rows(table) for table in tables):
        raise Refused(
            "consent: no row may be used for any purpose, so there is nothing to publish; row_accounting says why rows "
            "are withheld. Set consent.empty_release_wanted in the policy if an empty release is what you want"
        )


def _delivered(session: Session) -> list[date]:
    """Arrival days on which a file of consent events landed, whether or not it held rows."""
    found = []
    for day in session.lake.days("landing_accounting"):
        for file in session.lake.files("landing_accounting", [day]):
            rows = pq.read_table(file, columns=["source", "stage"]).to_pylist()
            if {"source": "consent_events", "stage": "landed"} in rows:
                found.append(day)
    return found
