"""`release`: a statement and a source in, released partitions out. Needs an engine and a desk, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from ..engines import Reader
from ..errors import UsageError
from ..release_policy import TableStatement
from .contributions import BoundedSums, Source, bounded_sums, domain_of
from .desk import Desk, Order, Stored
from .mechanism import certified_terms, mechanism_of, spend_of
from .noise import Noise
from .periods import last_day, within
from .placing import placed
from .published_rows import Shape, published_rows, shape_of, stored_before
from .relations import relation_source
from .unknown_keys import found_sums, told
from .within import release_within


def release(
    name: str,
    statement: TableStatement,
    source: Source | Any,
    desk: Desk,
    engine: Reader | None = None,
    *,
    days: Iterable[date],
    public: Mapping[str, Sequence[str]] | None = None,
) -> dict[date, Stored]:
    """The released partition of each day: those that exist as they are stored, the others from one scan of `source`.

    `source` is a Source, which an engine reads, or a DuckDB relation or a Spark DataFrame with the columns of one: it
    is read where it is and needs no engine.
    Where the statement has a period, `days` are first days of periods, and a partition is charged at its last day.
    `public` holds the values of the cell columns that come from public tables. Each new day is charged, drawn and
    stored before the next one, so that a crash wastes one day's charge at most. Raises Refused where the budget does
    not allow a day: the days before it are released then, and stay. A statement with an allowance is released by
    `within`, in two scans.
    """
    if statement.allowance is not None:
        source, engine = _readable(source, engine)
        shape = shape_of(statement, domain_of(statement, public or {}), public or {})

        def making(day: date, sums: BoundedSums) -> Callable[[Noise], pa.Table]:
            return _making(name, statement, desk, day, shape, sums)

        return release_within(name, statement, source, desk, engine, days, public or {}, making)
    found = {day: desk.find(name, day.isoformat()) for day in sorted(set(days))}
    missing = [day for day, stored in found.items() if stored is None]
    released = {day: stored for day, stored in found.items() if stored is not None}
    if missing:
        source, engine = _readable(source, engine)
        for day, (shape, sums) in _summed(engine, statement, source, missing, public or {}).items():
            released[day] = desk.once(_order(name, statement, desk, day, shape, sums))
    return dict(sorted(released.items()))


def supersede(
    name: str,
    statement: TableStatement,
    source: Source | Any,
    desk: Desk,
    engine: Reader | None = None,
    *,
    day: date,
    reason: str,
    public: Mapping[str, Sequence[str]] | None = None,
) -> Stored:
    """Draw a day that was released anew, from what `source` holds now, and pay for it once more: a separate act, with
    its reason in words. The release before is kept aside. Raises Refused where there is none, or past the cap."""
    source, engine = _readable(source, engine)
    ((shape, sums),) = _summed(engine, statement, source, [day], public or {}).values()
    return desk.supersede(_order(name, statement, desk, day, shape, sums), reason)


def noisy(statement: TableStatement, sums: BoundedSums, noise: Noise) -> BoundedSums:
    """Bounded sums with the statement's noise on every one of them: the only way from them to anything released."""
    mechanism = mechanism_of(statement)
    values = np.stack([noise(row, part.sigma) for row, part in zip(sums.values, mechanism.over_cells, strict=True)])
    levels = tuple(
        np.stack([noise(row, part.sigma) for row, part in zip(level, parts, strict=True)])
        for level, parts in zip(sums.levels, mechanism.levels if sums.levels else (), strict=True)
    )
    return BoundedSums(values, noise(sums.totals, mechanism.totals_sigma), levels)


def _readable(source: Source | Any, engine: Reader | None) -> tuple[Source, Reader]:
    if not isinstance(source, Source):
        return relation_source(source)
    if engine is None:
        raise UsageError("a Source is read by an engine: give one, or a DuckDB relation or a Spark DataFrame")
    return source, engine


def _summed(
    engine: Reader,
    statement: TableStatement,
    source: Source,
    days: Sequence[date],
    public: Mapping[str, Sequence[str]],
) -> dict[date, tuple[Shape, BoundedSums]]:
    """The cells of each day or period, known or found, and their sums before noise."""
    plain, rows = within(statement), placed(statement, source, days)
    if statement.unknown_keys:
        found = found_sums(engine, plain, rows, days)
        return {day: (Shape(each.cells, None), each.sums) for day, each in found.items()}
    shape = shape_of(statement, domain_of(plain, public), public)
    return {day: (shape, sums) for day, sums in bounded_sums(engine, plain, rows, days, public).items()}


def _order(name: str, statement: TableStatement, desk: Desk, day: date, shape: Shape, sums: BoundedSums) -> Order:
    """What the desk is told of one day or period."""
    make, terms = _making(name, statement, desk, day, shape, sums), certified_terms(statement, desk.ledger.budget)
    return Order(name, day.isoformat(), last_day(statement, day), spend_of(statement), make, terms)


def _making(
    name: str, statement: TableStatement, desk: Desk, day: date, shape: Shape, sums: BoundedSums
) -> Callable[[Noise], pa.Table]:
    """Draws the noise of one day or period and makes the released table."""
    before = stored_before(name, statement, desk, day)

    def make(noise: Noise) -> pa.Table:
        drawn, shown = noisy(statement, shape.summed(sums), noise), shape
        if statement.unknown_keys:
            cells, drawn = told(within(statement), shape.cells, drawn)
            shown = Shape(cells, None)
        return published_rows(statement, day, shown, drawn, before)

    return make
