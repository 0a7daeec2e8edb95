"""`release`: a statement and a source in, released partitions out. Needs an engine and a desk, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from ..engines import Engine
from ..release_policy import TableStatement
from .contributions import BoundedSums, Source, bounded_sums, domain_of
from .desk import Desk, Stored
from .mechanism import mechanism_of, spend_of
from .noise import Noise
from .periods import last_day, within
from .placing import placed
from .published_rows import Shape, published_rows, shape_of, stored_before


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

    Where the statement has a period, `days` are first days of periods, and a partition is charged at its last day.
    `public` holds the values of the cell columns that come from public tables. Each new day is charged, drawn and
    stored before the next one, so that a crash wastes one day's charge at most. Raises Refused where the budget does
    not allow a day: the days before it are released then, and stay.
    """
    found = {day: desk.find(name, day.isoformat()) for day in sorted(set(days))}
    missing = [day for day, stored in found.items() if stored is None]
    released = {day: stored for day, stored in found.items() if stored is not None}
    if missing:
        plain, rows = within(statement), placed(statement, source, missing)
        shape = shape_of(statement, domain_of(plain, public or {}), public or {})
        for day, sums in bounded_sums(engine, plain, rows, missing, public or {}).items():
            released[day] = _release_day(name, statement, desk, day, shape, sums)
    return dict(sorted(released.items()))


def noisy(statement: TableStatement, sums: BoundedSums, noise: Noise) -> BoundedSums:
    """Bounded sums with the statement's noise on every one of them: the only way from them to anything released."""
    mechanism = mechanism_of(statement)
    values = np.stack([noise(row, part.sigma) for row, part in zip(sums.values, mechanism.sums, strict=True)])
    levels = tuple(
        np.stack([noise(row, part.sigma) for row, part in zip(level, parts, strict=True)])
        for level, parts in zip(sums.levels, mechanism.levels if sums.levels else (), strict=True)
    )
    return BoundedSums(values, noise(sums.totals, mechanism.totals_sigma), levels)


def _release_day(
    name: str, statement: TableStatement, desk: Desk, day: date, shape: Shape, sums: BoundedSums
) -> Stored:
    def make(noise: Noise) -> pa.Table:
        return published_rows(statement, day, shape, noisy(statement, shape.summed(sums), noise), before)

    before = stored_before(name, statement, desk, day)
    return desk.once(name, day.isoformat(), last_day(statement, day), spend_of(statement), make)
