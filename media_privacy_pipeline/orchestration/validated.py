"""What a table's checks found, kept until the table changes: an unchanged table is not counted again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ..engines import Session, Span
from ..lake import fingerprint_of
from ..quality import expectations_of
from ..quality.runner import CheckOutcome


def validated(session: Session, tables: Iterable[str], span: Span) -> list[CheckOutcome]:
    """Outcomes of every expectation of the tables, over the days of the span."""
    return [outcome for table in tables for outcome in _of_table(session, table, span)]


def _of_table(session: Session, table: str, span: Span) -> list[CheckOutcome]:
    days = span.days if session.project.contracts[table].meta.partition_by == "arrival_day" else None
    suite = [repr(spec) for spec in expectations_of(session.project, table)]
    fingerprint = fingerprint_of(suite, session.lake.fingerprint(table, days), days)
    path = session.settings.home / "checks" / f"{table}.json"
    kept = _read(path, fingerprint)
    if kept is not None:
        return kept
    # The validator takes seconds to import: a night without changes does without it.
    from ..quality.steps import validate

    outcomes = validate(session, table, days)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps({"fingerprint": fingerprint, "outcomes": [asdict(o) for o in outcomes]}))
    temporary.replace(path)
    return outcomes


def _read(path: Path, fingerprint: str) -> list[CheckOutcome] | None:
    try:
        document = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    if document["fingerprint"] != fingerprint:
        return None
    return [CheckOutcome(**outcome) for outcome in document["outcomes"]]
