"""Write what each purpose may use, under pseudonyms of the purpose's own, and forget what it may no longer use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa

from ..engines import Folder, Made, Session, Span, StepResult
from ..engines.scratch import ROWS_AT_ONCE, set_aside
from ..lake import fingerprint_of
from ..sql.generalise import REGION_SIZES
from ..sql.permitted import permitted_name

# Who is erased gets no pseudonym, not even in memory.
_THERE = """
select s.account_id, s.profile_id
from subjects as s
where coalesce(s.status, '') not in ('erased', 'on_hold')
order by s.account_id, s.profile_id
"""


def measure_regions(session: Session, span: Span) -> StepResult:
    """Write `region_sizes`, by which `large_region` tells a large region from a small one."""
    return session.materialise(REGION_SIZES)


def permit(session: Session, span: Span, purpose: str) -> StepResult:
    """Write `permitted_<purpose>_<table>` for each table that the policy lets the purpose see.

    Every accepted day within the purpose's window is decided anew as of the span's time, for a withdrawal reaches back;
    a purpose that is `final_when_closed` decides the span's days and the closing lag before them. Days past the window
    are deleted. Raises UsageError for a purpose that the policy does not know.
    """
    session.policy.known_purpose(purpose)
    with session.scratch() as place:
        return _permit(session, span, purpose, _keys(session, purpose, place / "purpose_keys"))


def _permit(session: Session, span: Span, purpose: str, keys: Made) -> StepResult:
    rows: dict[str, int] = {}
    skipped = True
    for table, columns in session.policy.purposes[purpose].columns.items():
        if not columns:
            continue
        name, accepted = permitted_name(purpose, table), f"accepted_{table}"
        by_day = session.project.contracts[name].meta.partition_by is not None
        days = _days(session, span, purpose, table) if by_day else None
        if days is not None:
            _forget(session, span, purpose, table, days)
        result = session.materialise(
            name,
            days=days,
            input_days={} if days is None else {accepted: days},
            parameters={"as_of": span.as_of},
            extra={"purpose_keys": keys},
        )
        rows.update(result.rows)
        skipped = skipped and result.skipped
    return StepResult(rows, skipped=skipped)


def purpose_keys(session: Session, purpose: str, people: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The purpose's pseudonyms of people (account_id, profile_id): the columns of the contract `purpose_keys`.

    Here and not on executors: a function that travels would carry the key.
    """
    for batch in people:
        accounts, profiles = batch["account_id"].to_pylist(), batch["profile_id"].to_pylist()
        # A household has one account_key however many profiles it has.
        distinct = list(dict.fromkeys(accounts))
        account_keys = dict(zip(distinct, session.keyring.account_keys(purpose, distinct), strict=True))
        viewer_keys = session.keyring.viewer_keys(purpose, zip(accounts, profiles, strict=True))
        yield pa.record_batch(
            {
                "account_id": batch["account_id"],
                "profile_id": batch["profile_id"],
                "viewer_key": pa.array(viewer_keys, pa.string()),
                "account_key": pa.array([account_keys[account] for account in accounts], pa.string()),
            }
        )


def _keys(session: Session, purpose: str, place: Path) -> Made:
    made: list[Folder] = []

    def make() -> Folder:
        if not made:
            people = session.engine.batches(_THERE, {"subjects": session.folder("subjects")}, ROWS_AT_ONCE)
            types = session.project.contracts["purpose_keys"].types
            made.append(set_aside(place, types, purpose_keys(session, purpose, people)))
        return made[0]

    made_from = fingerprint_of(purpose, session.lake.fingerprint("subjects"), session.keyring.verifier_hex)
    return Made(made_from, make)


def _oldest(session: Session, span: Span, purpose: str, table: str) -> date:
    """First arrival day that may hold an event of the window: an event arrives after it began, clocks allowing."""
    policy = session.policy
    skew = timedelta(seconds=policy.landing.max_skew_seconds)
    return (span.as_of - timedelta(days=policy.purposes[purpose].window_of(table)) - skew).date()


def _days(session: Session, span: Span, purpose: str, table: str) -> list[date]:
    accepted, first = session.lake.days(f"accepted_{table}"), _oldest(session, span, purpose, table)
    if session.policy.purposes[purpose].final_when_closed:
        first = max(first, span.first - timedelta(days=session.policy.consent.closing_lag_days))
        return [day for day in accepted if first <= day <= span.last]
    return [day for day in accepted if first <= day and datetime.combine(day, time()) < span.as_of]


def _forget(session: Session, span: Span, purpose: str, table: str, days: Sequence[date]) -> None:
    name = permitted_name(purpose, table)
    stored = session.lake.days(name)
    if session.policy.purposes[purpose].final_when_closed:
        oldest = _oldest(session, span, purpose, table)
        session.lake.delete(name, [day for day in stored if day < oldest])
    else:
        session.lake.delete(name, [day for day in stored if day not in set(days)])
