"""Drop one account and bound again, with the real code: nothing moves further than the statement declares.

Exact, hence without false alarms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from math import sqrt
from typing import TypeAlias

from ..engines import Engine
from ..privacy.contributions import BoundedSums, Source, bounded_sums, domain_of
from ..privacy.noise import Integers
from ..release_policy import TableStatement
from . import declared
from .finding import Finding, exact
from .world import START, TABLE, dated, extremes, neighbours, planted, public_values, world

Bounding: TypeAlias = Callable[
    [Engine, TableStatement, Source, Iterable[date], Mapping[str, Sequence[str]]], dict[date, BoundedSums]
]


def check_sensitivity(
    name: str, statement: TableStatement, engine: Engine, bounding: Bounding = bounded_sums
) -> Finding:
    """The largest movement that dropping one account causes, as a fraction of what is declared; the limit is 1.

    Dropped are every planted account and, of the ordinary ones, the heaviest and the lightest; by the real SQL, on the
    engine that is given.
    """
    public = public_values(statement)
    domain = domain_of(statement, public)
    rows = world(statement, domain)
    targets = [*planted(statement, domain.num_rows), *extremes(rows)]
    # The day is in a sample's hash: neighbours are then each a world of their own on one and the same day.
    apart = statement.bounding == "sample"
    worlds = [[each] for each in neighbours(rows, targets)] if apart else [neighbours(rows, targets)]
    sums = []
    for each in worlds:
        days = [START + timedelta(days=n) for n in range(len(each))]
        source = Source(f"select * from {TABLE}", {TABLE: dated(each)})
        sums += [found for _, found in sorted(bounding(engine, statement, source, days, public).items())]
    worst = max(_moved(statement, sums[0], rest) for rest in sums[1:])
    return exact("sensitivity", name, worst, 1.0)


def _moved(statement: TableStatement, whole: BoundedSums, rest: BoundedSums) -> float:
    limits = [limit for limit, _ in declared.over_cells(statement)]
    moved = [_norm(row) for row in whole.values - rest.values]
    totals = _norm(whole.totals - rest.totals) / declared.totals_sensitivity(statement)
    return max(totals, *(distance / limit for distance, limit in zip(moved, limits, strict=True)))


def _norm(row: Integers) -> float:
    """L2 norm by whole numbers, so that no rounding makes a movement look smaller than it is."""
    return sqrt(sum(x * x for x in row.tolist()))
