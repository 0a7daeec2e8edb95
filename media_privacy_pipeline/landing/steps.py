"""The steps of the door: let one input in, and put all counts together."""

from __future__ import annotations

import logging

from ..engines import Session, Span, StepResult
from ..lake import fingerprint_of
from ..sql.screened import screened_name, scrubs_name
from . import accounting, daily, quarantine, snapshots
from .batching import chunks
from .drops import Drops, find_days, find_snapshot
from .found import told
from .sources import SOURCES, Source, source_of

_READING = 1
"""Goes up when files are read in another way, so that what was let in before is let in again."""

_LOG = logging.getLogger(__name__)


def accept(session: Session, span: Span, name: str) -> StepResult:
    """Let an input's drops of the span in: accepted rows, quarantine, counts. Skips days whose drops are unchanged.

    Who is erased is asked when a drop is taken in, and a new erasure is no reason to take it in again: what was let in
    before is for the erasure itself to rewrite.

    Raises UsageError where there is no landing zone or input of this name, and Refused where rows cannot all be
    accounted for; then nothing of the days at hand is changed.
    """
    source = source_of(session.project, name)
    skipped, drops = (_accept_days if source.identity else _accept_snapshot)(session, span, source)
    purged = quarantine.purge(session, name, span.as_of)
    days = span.days if source.identity else [span.last]
    counts = accounting.totals(session, source, days)
    rows = session.lake.rows(source.accepted, span.days if source.identity else None)
    _LOG.info("%s, %s to %s: %s", name, span.first, span.last, counts)
    return StepResult(
        {source.accepted: rows},
        skipped,
        {
            **counts,
            "folder_missing": int(drops.missing),
            "not_a_day": len(drops.strays),
            "quarantine_days_purged": purged,
            "looks_personal": told(session, source, days),
        },
    )


def account(session: Session, span: Span) -> StepResult:
    """Put the counts of all inputs together in `landing_accounting`, for the days of the span."""
    days = {f"accounted_{name}": span.days for name in SOURCES}
    return session.materialise("landing_accounting", days=span.days, input_days=days)


def classify(session: Session, span: Span) -> StepResult:
    """Put what the columns of all inputs look like together in `column_findings`, for all days that were taken in."""
    return session.materialise("column_findings")


def _accept_days(session: Session, span: Span, source: Source) -> tuple[bool, Drops]:
    drops = find_days(session.settings.landing, source.name, span.days)
    stale = daily.stale_days(session, span, source, drops, _base(session, source))
    for days in chunks(stale, drops, session.policy.landing.lateness_days):
        daily.let_in(session, source, days, drops, stale, span.as_of)
    return not stale, drops


def _accept_snapshot(session: Session, span: Span, source: Source) -> tuple[bool, Drops]:
    drops = find_snapshot(session.settings.landing, source.name, span.last)
    files = drops.days.get(span.last, [])
    if not files and session.lake.has(source.accepted):
        # No snapshot came: the last one holds.
        return True, drops
    fingerprint = fingerprint_of(_base(session, source), [drop.signature for drop in files])
    counted = session.lake.meta(source.accounted, span.last) is not None
    if counted and session.lake.is_current(source.accepted, fingerprint):
        return True, drops
    snapshots.let_in(session, source, span.last, files, fingerprint)
    return False, drops


def _base(session: Session, source: Source) -> str:
    """Digest of what reads and decides: the landing and classification parts of the policy, and the SQL."""
    models = [model.sql for name, model in sorted(session.project.models.items()) if _of_door(name, source)]
    looked_for = session.policy.classification.model_dump_json(exclude={"columns"})
    return fingerprint_of(_READING, session.policy.landing.model_dump_json(), looked_for, source.columns, models)


def _of_door(model: str, source: Source) -> bool:
    own = (
        f"stg_landing__{source.name}",
        f"int_landing__{source.name}_keys",
        screened_name(source.name),
        scrubs_name(source.name),
        source.accepted,
    )
    return model in (*own, "landing_refused") or model.startswith("stg_reference__")
