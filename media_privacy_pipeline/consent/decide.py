"""From ledger and vault to what holds for every event: the timeline, the verdicts, and what marks single events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Session, Span, StepResult
from ..lake import fingerprint_of
from ..policy import Policy
from ..sql.model import Parameter
from .rules import purpose_ancestors, purpose_rules

_RULES: dict[str, Callable[[Policy], pa.Table]] = {
    "purpose_rules": purpose_rules,
    "purpose_ancestors": purpose_ancestors,
}
TIMELINE = ("consent_words", "consent_spans", "consent_timeline", "consent_verdicts")
"""From what was said to what holds, each stored for the next: Spark would compute a shared view over and over."""

_ERASED = pa.schema([("source", pa.string()), ("rows", pa.int64()), ("arrival_day", pa.date32())])
_MARKS = ("private_sessions", "hidden_titles")


def timeline(session: Session, span: Span) -> StepResult:
    """Write `consent_timeline` and `consent_verdicts` as of the span's time, and which events are private or hidden."""
    results = [_rules(session, table) for table in _RULES]
    results += [session.materialise(model, parameters={"as_of": span.as_of}) for model in (*TIMELINE, *_MARKS)]
    return StepResult(
        {table: rows for result in results for table, rows in result.rows.items()},
        skipped=all(result.skipped for result in results),
    )


def account_decisions(session: Session, span: Span) -> StepResult:
    """Write `decision_accounting` of every day that is not closed, and of days that were never counted.

    A closed day keeps its count: counting it again would tell by the difference what single viewers have since chosen.
    Rows that an erasure took out of a day stay in its count, as withheld.
    """
    lake = session.lake
    accepted = set(lake.days("accepted_viewing_events")) | set(lake.days("accepted_search_events"))
    open_from = span.first - timedelta(days=session.policy.consent.closing_lag_days)
    counted = set(lake.days("decision_accounting"))
    days = sorted(day for day in accepted if day <= span.last and (day >= open_from or day not in counted))
    return session.materialise(
        "decision_accounting",
        days=days,
        input_days={"accepted_viewing_events": days, "accepted_search_events": days},
        parameters=clock(span.as_of),
        extra={"erased_rows": _erased_rows(session, days)},
    )


def _erased_rows(session: Session, days: Sequence[date]) -> pa.Table:
    """What the door counted as accepted and is no longer there: the columns of the contract `erased_rows`."""
    rows = []
    for source in ("viewing_events", "search_events"):
        counted: Counter[date] = Counter()
        for day in days:
            for file in session.lake.files(f"accounted_{source}", [day]):
                stages = pq.ParquetFile(file).read(["stage", "rows"]).to_pylist()
                counted[day] += sum(row["rows"] for row in stages if row["stage"] == "accepted")
        for day, accepted in counted.items():
            if gone := accepted - session.lake.rows(f"accepted_{source}", [day]):
                rows.append({"source": source, "rows": gone, "arrival_day": day})
    return pa.Table.from_pylist(rows, _ERASED)


def clock(as_of: datetime) -> dict[str, Parameter]:
    """Parameters of the decision: windows are whole days that end with the as-of time, so the clock is shifted by so
    much that it ends a calendar day, the one before `origin`."""
    midnight = datetime.combine(as_of.date(), time())
    if midnight < as_of:
        midnight += timedelta(days=1)
    shift = midnight - as_of
    return {"origin": midnight.date(), "shift_seconds": shift.seconds, "shift_micros": shift.microseconds}


def _rules(session: Session, table: str) -> StepResult:
    rows = _RULES[table](session.policy)
    fingerprint = fingerprint_of(table, rows.schema.to_string(), rows.to_pylist())
    if session.lake.is_current(table, fingerprint):
        return StepResult({table: rows.num_rows}, skipped=True)
    with session.lake.write(table, fingerprint) as staging:
        pq.write_table(rows, staging / "part-0.parquet")
    return StepResult({table: rows.num_rows})
