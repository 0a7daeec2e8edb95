"""Write what each purpose may use, under pseudonyms of the purpose's own, and forget what it may no longer use."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Made, Session, Span, StepResult
from ..lake import fingerprint_of
from ..sql.generalise import REGION_SIZES
from ..sql.permitted import permitted_name

_GONE = ("erased", "on_hold")


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
    keys = _keys(session, purpose)
    rows: dict[str, int] = {}
    skipped = True
    for table, columns in session.policy.purposes[purpose].columns.items():
        if not columns:
            continue
        name, accepted = permitted_name(purpose, table), f"accepted_{table}"
        by_day = session.project.contracts[name].meta.partition_by is not None
        days = _days(session, span, purpose, session.lake.days(accepted)) if by_day else None
        if days is not None:
            _forget(session, span, purpose, name, days)
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


def purpose_keys(session: Session, purpose: str, people: Sequence[tuple[str, str]]) -> pa.Table:
    """The purpose's pseudonyms of (account_id, profile_id) pairs: the columns of the contract `purpose_keys`."""
    accounts = [account for account, _ in people]
    # A household has one account_key however many profiles it has.
    distinct = list(dict.fromkeys(accounts))
    account_keys = dict(zip(distinct, session.keyring.account_keys(purpose, distinct), strict=True))
    return pa.table(
        {
            "account_id": pa.array(accounts, pa.string()),
            "profile_id": pa.array([profile for _, profile in people], pa.string()),
            "viewer_key": pa.array(session.keyring.viewer_keys(purpose, people), pa.string()),
            "account_key": pa.array([account_keys[account] for account in accounts], pa.string()),
        }
    )


def _keys(session: Session, purpose: str) -> Made:
    def make() -> pa.Table:
        vault = pa.concat_tables(
            [
                pq.read_table(file, columns=["account_id", "profile_id", "status"])
                for file in session.lake.files("subjects")
            ]
        )
        rows = zip(*(vault[name].to_pylist() for name in ("account_id", "profile_id", "status")), strict=True)
        # Who is erased gets no pseudonym, not even in memory.
        return purpose_keys(session, purpose, [(a, p) for a, p, status in rows if status not in _GONE])

    made_from = fingerprint_of(purpose, session.lake.fingerprint("subjects"), session.keyring.verifier_hex)
    return Made(made_from, make)


def _oldest(session: Session, span: Span, purpose: str) -> date:
    """First arrival day that may hold an event of the window: an event arrives after it began, clocks allowing."""
    policy = session.policy
    skew = timedelta(seconds=policy.landing.max_skew_seconds)
    return (span.as_of - timedelta(days=policy.purposes[purpose].window_days) - skew).date()


def _days(session: Session, span: Span, purpose: str, accepted: Sequence[date]) -> list[date]:
    first = _oldest(session, span, purpose)
    if session.policy.purposes[purpose].final_when_closed:
        first = max(first, span.first - timedelta(days=session.policy.consent.closing_lag_days))
        return [day for day in accepted if first <= day <= span.last]
    return [day for day in accepted if first <= day and datetime.combine(day, time()) < span.as_of]


def _forget(session: Session, span: Span, purpose: str, name: str, days: Sequence[date]) -> None:
    stored = session.lake.days(name)
    if session.policy.purposes[purpose].final_when_closed:
        oldest = _oldest(session, span, purpose)
        session.lake.delete(name, [day for day in stored if day < oldest])
    else:
        session.lake.delete(name, [day for day in stored if day not in set(days)])
