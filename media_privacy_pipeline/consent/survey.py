"""Tables for operators: how far consent reaches, where it contradicts itself, whom to ask again, what was decided."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Session, Span, StepResult
from ..engines.types import arrow_schema
from ..lake import fingerprint_of
from ..sql.model import Parameter
from .small_cells import OTHER, told_by

_SHOWN = 100


class _Survey(NamedTuple):
    """A table, the model of its exact counts, the columns that make a whole, the cell's name, and the measure."""

    table: str
    model: str
    whole: tuple[str, ...]
    cell: str
    measure: str


SURVEYS = (
    _Survey("consent_coverage", "int_consent__coverage", ("purpose",), "standing", "people"),
    _Survey("consent_conflicts", "int_consent__conflict_counts", ("purpose",), "kind", "people"),
    _Survey("reconsent_queue", "int_consent__reconsent", ("purpose",), "due", "people"),
    _Survey("decisions_daily", "int_consent__decisions_daily", ("day", "purpose"), "reason", "rows"),
)


def survey(session: Session, span: Span) -> StepResult:
    """Write the tables of `SURVEYS` as of the span's time: counts alone, none below the policy's least cell."""
    rows, previews, skipped = {}, {}, True
    for one in SURVEYS:
        sources = sorted(session.project.sources(one.model))
        sql = session.project.render(one.model, _parameters(session, span))
        least = session.policy.published.min_cell_size
        fingerprint = fingerprint_of(sql, [session.lake.fingerprint(table) for table in sources], least)
        if not session.lake.is_current(one.table, fingerprint):
            skipped = False
            counted = session.engine.fetch(sql, {table: session.folder(table) for table in sources}).to_pylist()
            schema = arrow_schema(session.project.contracts[one.table].types)
            found = pa.Table.from_pylist(_told(one, counted, least, span), schema)
            session.put(one.table, fingerprint, found)
        table = pa.concat_tables([pq.read_table(file) for file in session.lake.files(one.table)])
        rows[one.table], previews[one.table] = table.num_rows, _markdown(table.slice(max(0, table.num_rows - _SHOWN)))
    return StepResult(rows, skipped, previews=previews)


def _told(one: _Survey, counted: Iterable[Mapping[str, Any]], least: int, span: Span) -> list[dict[str, Any]]:
    """The counts that may be told, in a fixed order."""
    if one.cell != "due":
        found: list[dict[str, Any]] = told_by(counted, one.whole, one.cell, one.measure, least)
    else:
        # A cell is a reason and a week; what goes together is told for the week of the run.
        dated = [{**row, "due": f"{row['reason']} {row['week']}"} for row in counted]
        this_week = span.as_of.date() - timedelta(days=span.as_of.weekday())
        found = []
        for row in told_by(dated, one.whole, one.cell, one.measure, least):
            reason, _, week = str(row.pop("due")).partition(" ")
            found.append({**row, "reason": reason, "week": date.fromisoformat(week) if reason != OTHER else this_week})
    return sorted(found, key=lambda row: (*(str(row[column]) for column in one.whole), -row[one.measure]))


def _parameters(session: Session, span: Span) -> dict[str, Parameter]:
    return {"as_of": span.as_of, "soon": span.as_of + timedelta(days=session.policy.consent.reconsent_days)}


def _markdown(table: pa.Table) -> str:
    lines = [" | ".join(table.column_names), " | ".join("---" for _ in table.column_names)]
    lines += [" | ".join(str(value).replace("_", " ") for value in row.values()) for row in table.to_pylist()]
    return "\n".join(f"| {line} |" for line in lines)
