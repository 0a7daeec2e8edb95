"""`release`: a statement and a source in, released partitions out. Needs an engine and a desk, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa

from ..engines import Engine
from ..release_policy import TableStatement
from .contributions import BoundedSums, Source, bounded_sums, domain_of
from .desk import Desk, Stored
from .estimate import measures_of
from .mechanism import mechanism_of, spend_of
from .noise import Noise
from .within import release_within


def release(
    name: str,
    statement: TableStatement,
    source: Source,
    desk: Desk,
    engine: Engine,
    *,
    days: Iterable[date],
    public: Mapping[str, Sequence[str]] | None = None,
) -> dict[date, Stored]:
    """The released partition of each day: those that exist as they are stored, the others from one scan of `source`.

    `public` holds the values of the cell columns that come from public tables. Each new day is charged, drawn and
    stored before the next one, so that a crash wastes one day's charge at most. Raises Refused where the budget does
    not allow a day: the days before it are released then, and stay. A statement with an allowance is released by
    `within`, in two scans.
    """
    if statement.allowance is not None:
        cells = domain_of(statement, public or {})
        making = partial(_making, statement, cells)
        return release_within(name, statement, source, desk, engine, days, public or {}, making)
    found = {day: desk.find(name, day.isoformat()) for day in sorted(set(days))}
    missing = [day for day, stored in found.items() if stored is None]
    released = {day: stored for day, stored in found.items() if stored is not None}
    if missing:
        cells = domain_of(statement, public or {})
        for day, sums in bounded_sums(engine, statement, source, missing, public or {}).items():
            make = _making(statement, cells, sums)
            released[day] = desk.once(name, day.isoformat(), day, spend_of(statement), make)
    return dict(sorted(released.items()))


def noisy(statement: TableStatement, sums: BoundedSums, noise: Noise) -> BoundedSums:
    """Bounded sums with the statement's noise on every one of them: the only way from them to anything released."""
    mechanism = mechanism_of(statement)
    values = np.stack([noise(row, part.sigma) for row, part in zip(sums.values, mechanism.sums, strict=True)])
    return BoundedSums(values, noise(sums.totals, mechanism.totals_sigma))


def _making(statement: TableStatement, cells: pa.Table, sums: BoundedSums) -> Callable[[Noise], pa.Table]:
    """Draws one day's noise and makes the released table."""

    def make(noise: Noise) -> pa.Table:
        drawn = noisy(statement, sums, noise)
        return measures_of(statement, cells, drawn.values, drawn.totals)

    return make
