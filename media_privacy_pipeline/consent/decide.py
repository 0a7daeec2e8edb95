"""From ledger and vault to what holds for every event: the timeline, the verdicts, and what marks single events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..engines import Session, Span, StepResult
from ..engines.types import arrow_schema
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

_EVENTS = ("accepted_viewing_events", "accepted_search_events")
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
    An input that has lost rows on a day, to retention or erasure, keeps its count of that day too: the rows were
    accepted and decided about, and are no longer there to be counted. What was taken out before it was ever counted is
    counted as withheld.
    """
    lake = session.lake
    accepted = {table: lake.days(table) for table in _EVENTS}
    open_from = span.first - timedelta(days=session.policy.consent.closing_lag_days)
    counted = set(lake.days("decision_accounting"))
    every = {day for days in accepted.values() for day in days}
    days = sorted(day for day in every if day <= span.last and (day >= open_from or day not in counted))
    lost = {table: {day for day in days if day in counted and _has_lost_rows(session, table, day)} for table in _EVENTS}
    return session.materialise(
        "decision_accounting",
        days=days,
        input_days={table: [day for day in days if day not in lost[table]] for table in _EVENTS},
        parameters=clock(span.as_of),
        extra={"kept_decisions": _kept(session, lost), "erased_rows": _erased_rows(session, days, lost)},
    )


def _has_lost_rows(session: Session, table: str, day: date) -> bool:
    meta = session.lake.meta(table, day)
    return meta is not None and bool(meta.rewritten)


def _kept(session: Session, lost: Mapping[str, Collection[date]]) -> pa.Table:
    """The counts that are there, of the inputs and days that have lost rows since."""
    name = "decision_accounting"
    schema = arrow_schema(session.project.contracts[name].types)
    parts = [schema.empty_table()]
    for table, days in lost.items():
        for day in sorted(days):
            for file in session.lake.files(name, [day]):
                rows = pq.ParquetFile(file).read()
                rows = rows.filter(pc.equal(rows["source"], table.removeprefix("accepted_")))
                dated = rows.append_column("arrival_day", pa.repeat(pa.scalar(day, pa.date32()), len(rows)))
                parts.append(dated.select(schema.names).cast(schema))
    return pa.concat_tables(parts)


def _erased_rows(session: Session, days: Collection[date], kept: Mapping[str, Collection[date]]) -> pa.Table:
    """What the door counted as accepted and is no longer there, on days that keep no count: `erased_rows`."""
    rows = []
    for table in _EVENTS:
        source = table.removeprefix("accepted_")
        counted: Counter[date] = Counter()
        for day in days:
            for file in session.lake.files(f"accounted_{source}", [day]) if day not in kept[table] else ():
                stages = pq.ParquetFile(file).read(["stage", "rows"]).to_pylist()
                counted[day] += sum(row["rows"] for row in stages if row["stage"] == "accepted")
        for day, accepted in counted.items():
            if gone := accepted - session.lake.rows(table, [day]):
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
    wrote = session.snapshot(table, fingerprint, rows)
    return StepResult({table: rows.num_rows}, skipped=not wrote)
