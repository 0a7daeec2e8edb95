"""The groups of a rollup, tried as the cells are: no account moves them further than declared, and their noise is the
declared one. Bound and scale are derived anew from the policy's words."""

from __future__ import annotations

from math import isqrt, sqrt

import numpy as np

from ..engines import Engine
from ..privacy.contributions import BoundedSums, Source, bounded_sums, domain_of
from ..privacy.noise import Noise
from ..privacy.published_rows import shape_of
from ..privacy.release import noisy
from ..release_policy import TableStatement
from .declared import reach
from .drawn import p_of
from .finding import Finding, exact
from .world import START, TABLE, dated, neighbours, planted, public_values, world

_DRAWS = 10_000
_LEAST_P = 1e-4
_ONE = 64


def check_groups(name: str, statement: TableStatement, engine: Engine, noise: Noise) -> list[Finding]:
    """Both findings for a statement with a rollup, none for another. A p under 1e-4 is confirmed by drawing anew: a
    false alarm has a probability under 1e-6."""
    if statement.rollup is None:
        return []
    bound = _most_kept(statement)
    p = _worst_p(statement, noise, bound)
    p = p if p >= _LEAST_P else max(p, _worst_p(statement, noise, bound))
    return [
        exact("sensitivity_of_groups", name, _worst_moved(statement, engine, bound), 1.0),
        Finding("noise_of_groups", name, p, p, 1.0, _LEAST_P, passed=p >= _LEAST_P),
    ]


def _worst_moved(statement: TableStatement, engine: Engine, bound: int) -> float:
    public = public_values(statement)
    domain = domain_of(statement, public)
    shape = shape_of(statement, domain, public)
    worlds = neighbours(world(statement, domain), list(planted(statement, domain.num_rows)))
    levels = []
    for rows in worlds:
        # Each on one and the same day, which is in a sample's hash.
        source = Source(f"select * from {TABLE}", {TABLE: dated([rows])})
        levels.append(shape.summed(bounded_sums(engine, statement, source, [START], public)[START]).levels)
    return max(
        sqrt(sum(x * x for x in moved.tolist())) / (bound * reach(statement, measure))
        for without in levels[1:]
        for with_it, level in zip(levels[0], without, strict=True)
        for measure, moved in zip(statement.measures, with_it - level, strict=True)
    )


def _worst_p(statement: TableStatement, noise: Noise, bound: int) -> float:
    rollup, measures = statement.rollup, statement.measures
    if rollup is None:
        raise ValueError("a statement without a rollup has no groups")
    empty = np.zeros((len(measures), _DRAWS), np.int64)
    drawn = noisy(statement, BoundedSums(empty[:, :1], np.zeros(2, np.int64), (empty, empty)), noise).levels
    shared = sum(measure.budget for measure in measures.values())
    return min(
        p_of(row, bound * reach(statement, name) / (statement.mu * sqrt(part * each.budget / shared)))
        for level, part in zip(drawn, (rollup.by_budget, rollup.total_budget), strict=True)
        for row, (name, each) in zip(level, measures.items(), strict=True)
    )


def _most_kept(statement: TableStatement) -> int:
    """The most that an account's weights add up to, over every number of cells: what one group can hold of it."""
    m, most = statement.squared_norm, statement.most_cells
    if statement.bounding == "sample":
        return _ONE * m
    return max(
        cells * next(j for j in range(_ONE, -1, -1) if j * j * cells * max(cells, most) <= _ONE**2 * m * most)
        for cells in range(1, 1 + isqrt(_ONE**2 * m * most))
    )
