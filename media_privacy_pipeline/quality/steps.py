"""Validates stored or staged tables against their suites."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from ..engines import Folder, Session
from ..errors import UsageError
from ..sql import Access, Contract
from .counted import FRAMED_ROWS, counted_rows
from .frames import SAMPLE_ROWS, Checked, count, frame_query
from .runner import CheckOutcome, Runner
from .suites import suite_of


def validate(
    session: Session,
    table: str,
    days: Sequence[date] | None = None,
    *,
    contract: Contract | None = None,
    inputs: Mapping[str, Checked] | None = None,
    runner: Runner | None = None,
) -> list[CheckOutcome]:
    """Check a table against its suite; one outcome for each of `expectations_of`, in that order.

    Reads the lake's table, or the given days of it. `inputs` stand for tables of the lake and `contract` for the
    table's own, as for a table about to be published; a `runner` given keeps the results for its Data Docs.
    Internal tables of more than SAMPLE_ROWS rows are sampled for the expectations on single rows; counts over the
    whole table, and everything on published tables, are exact; of one with more than FRAMED_ROWS rows the engine
    counts, and no frame is made. Raises UsageError for a table without a contract.
    """
    if table not in session.project.contracts:
        raise UsageError(f"{table}: no such table; known are {', '.join(sorted(session.project.contracts))}")
    contract = contract or session.project.contracts[table]
    specs = suite_of(contract, session.project.contracts)
    given = inputs or {}
    # An empty Arrow table is falsy: ask whether it was given, not whether it is true.
    source = given[table] if table in given else session.folder(table, days)
    others = {name for spec in specs for name in spec.kwargs.get("inputs", ())}
    sources = {name: given[name] if name in given else session.folder(name) for name in others} | {table: source}
    rows = source.num_rows if not isinstance(source, Folder) else session.lake.rows(table, days)
    counts = count(session.engine, contract, specs, sources)
    internal = contract.meta.access is Access.internal
    if rows > FRAMED_ROWS and not internal:
        counts |= counted_rows(session.engine, contract, specs, source)
        return (runner or Runner()).run(table, specs, None, counts)
    query = frame_query(contract, specs, rows, SAMPLE_ROWS if internal else None)
    frame = None if query is None else session.engine.fetch(query, {table: source}).to_pandas()
    return (runner or Runner()).run(table, specs, frame, counts)
