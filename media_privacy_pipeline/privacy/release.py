"""`release`: a statement and a source in, released partitions out. Needs an engine and a desk, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from ..engines import Engine
from ..errors import UsageError
from ..release_policy import TableStatement
from .contributions import BoundedSums, Source, bounded_sums, domain_of
from .desk import Desk, Stored
from .estimate import measures_of
from .mechanism import mechanism_of, spend_of, terms_of
from .noise import Noise
from .relations import relation_source
from .unknown_keys import found_sums, told


def release(
    name: str,
    statement: TableStatement,
    source: Source | Any,
    desk: Desk,
    engine: Engine | None = None,
    *,
    days: Iterable[date],
    public: Mapping[str, Sequence[str]] | None = None,
) -> dict[date, Stored]:
    """The released partition of each day: those that exist as they are stored, the others from one scan of `source`.

    `source` is a Source, which an engine reads, or a DuckDB relation or a Spark DataFrame with the columns of one: it
    is read where it is and needs no engine.
    `public` holds the values of the cell columns that come from public tables. Each new day is charged, drawn and
    stored before the next one, so that a crash wastes one day's charge at most. Raises Refused where the budget does
    not allow a day: the days before it are released then, and stay.
    """
    found = {day: desk.find(name, day.isoformat()) for day in sorted(set(days))}
    missing = [day for day, stored in found.items() if stored is None]
    released = {day: stored for day, stored in found.items() if stored is not None}
    if missing:
        source, engine = _readable(source, engine)
        for day, (cells, sums) in _summed(engine, statement, source, missing, public or {}).items():
            released[day] = desk.once(name, **_partition(statement, desk, day, cells, sums))
    return dict(sorted(released.items()))


def supersede(
    name: str,
    statement: TableStatement,
    source: Source | Any,
    desk: Desk,
    engine: Engine | None = None,
    *,
    day: date,
    reason: str,
    public: Mapping[str, Sequence[str]] | None = None,
) -> Stored:
    """Draw a day that was released anew, from what `source` holds now, and pay for it once more: a separate act, with
    its reason in words. The release before is kept aside. Raises Refused where there is none, or past the cap."""
    source, engine = _readable(source, engine)
    ((cells, sums),) = _summed(engine, statement, source, [day], public or {}).values()
    return desk.supersede(name, **_partition(statement, desk, day, cells, sums), reason=reason)


def noisy(statement: TableStatement, sums: BoundedSums, noise: Noise) -> BoundedSums:
    """Bounded sums with the statement's noise on every one of them: the only way from them to anything released."""
    mechanism = mechanism_of(statement)
    values = np.stack([noise(row, part.sigma) for row, part in zip(sums.values, mechanism.sums, strict=True)])
    return BoundedSums(values, noise(sums.totals, mechanism.totals_sigma))


def _readable(source: Source | Any, engine: Engine | None) -> tuple[Source, Engine]:
    if not isinstance(source, Source):
        return relation_source(source)
    if engine is None:
        raise UsageError("a Source is read by an engine: give one, or a DuckDB relation or a Spark DataFrame")
    return source, engine


def _summed(
    engine: Engine,
    statement: TableStatement,
    source: Source,
    days: Sequence[date],
    public: Mapping[str, Sequence[str]],
) -> dict[date, tuple[pa.Table, BoundedSums]]:
    """The cells of each day, known or found, and their sums before noise."""
    if statement.unknown_keys:
        found = found_sums(engine, statement, source, days)
        return {day: (each.cells, each.sums) for day, each in found.items()}
    cells = domain_of(statement, public)
    return {day: (cells, sums) for day, sums in bounded_sums(engine, statement, source, days, public).items()}


def _partition(statement: TableStatement, desk: Desk, day: date, cells: pa.Table, sums: BoundedSums) -> dict[str, Any]:
    """What the desk is told of one day: where it belongs, what it costs, and how to draw it."""

    def make(noise: Noise) -> pa.Table:
        drawn, shown = noisy(statement, sums, noise), cells
        if statement.unknown_keys:
            shown, drawn = told(statement, cells, drawn)
        return measures_of(statement, shown, drawn.values, drawn.totals)

    return {
        "partition": day.isoformat(),
        "day": day,
        "spend": spend_of(statement),
        "make": make,
        "terms": terms_of(statement, desk.ledger.budget),
    }
