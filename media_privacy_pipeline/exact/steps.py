"""The step of a run: tell each exact table of the policy for every period that ended, once."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from ..engines import Session, Span, StepResult
from ..errors import Refused
from ..exact_policy import ExactTable
from .kept import Kept, kept_periods
from .periods import days_of, whole_periods
from .releasing import check_shapes, decide_period

_LOG = logging.getLogger(__name__)


def tell_exactly(session: Session, span: Span) -> StepResult:
    """Decide the periods that ended by the span's last day and were taken in whole; put what is kept in the lake.

    Tables over the same rows are decided together. A period that could be subtracted from an earlier one is left out
    and the reason said; what a period's own counts do not let it tell is withheld, and its report says why. Raises
    Refused where a table changed its shape and kept its name.
    """
    rows: dict[str, int] = {}
    counted: Counter[str] = Counter()
    for source, members in families(session.policy.exact_tables).items():
        root = exact_root(session, source)
        kept = kept_periods(root)
        check_shapes(kept, members)
        decided = {(each.first, each.last): each for each in kept if each.source == source}
        period = next(iter(members.values())).period
        for first, last in whole_periods(period, session.lake.days(source), span.last):
            counted += _tell(session, root, members, first, last, decided.get((first, last)))
        rows |= {name: session.lake.rows(name) for name in members}
    told = {f"{word}_periods": counted[word] for word in ("new", "withheld", "refused")}
    return StepResult(rows, skipped=not counted["new"], metadata=told)


def _tell(
    session: Session, root: Path, members: Mapping[str, ExactTable], first: date, last: date, kept: Kept | None
) -> Counter[str]:
    """Tell one period of the tables over the same rows, and count what came of it; `kept` is what was decided of it."""
    here = {name: table for name, table in members.items() if kept is None or name in kept.statements}
    late = {name: table for name, table in members.items() if name not in here}
    counted: Counter[str] = Counter()
    for tables in filter(None, (here, late)):
        source = next(iter(tables.values())).source
        try:
            if kept is not None and tables is here:
                told = kept
            else:
                days = session.folder(source, days_of(first, last))
                told = decide_period(root, tables, first, last, session.engine, days)
        except Refused as refusal:
            _LOG.warning("%s", refusal)
            counted["refused"] += len(tables)
            continue
        for name in tables:
            copied = _to_lake(session, told, name)
            why = told.report(name).withheld
            counted["new"] += copied
            counted["withheld"] += bool(why)
            if copied and why:
                _LOG.warning("%s, %s to %s: nothing is told: %s", name, first, last, why)
    return counted


def families(tables: Mapping[str, ExactTable]) -> dict[str, dict[str, ExactTable]]:
    """Tables by the view that they count, which the policy lets be one for all tables over the same rows."""
    found: dict[str, dict[str, ExactTable]] = {}
    for name, table in tables.items():
        found.setdefault(table.source, {})[name] = table
    return found


def exact_root(session: Session, source: str) -> Path:
    """Where the decisions about an input's rows are kept, whichever purpose's view of them was counted."""
    purposes = session.policy.purposes
    name = next(t for p, each in purposes.items() for t in each.columns if source == f"permitted_{p}_{t}")
    return session.settings.home / "privacy" / "exact" / name


def _to_lake(session: Session, kept: Kept, name: str) -> bool:
    """Put a kept table in the lake; False where it is there already."""
    day: date = kept.first
    file = kept.file(name)
    if session.lake.is_current(name, kept.digests[name], [day]):
        return False
    with session.lake.write(name, kept.digests[name], [day], by="period") as staging:
        folder = staging / f"period={day.isoformat()}"
        folder.mkdir()
        pq.write_table(pq.read_table(file).drop_columns(["period"]), folder / "part-0.parquet", compression="zstd")
    return True
