"""Statements with a rollup: which group each cell is in, the groups' sums before noise, and the rows that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ..errors import UsageError
from ..release_policy import TableStatement
from .contributions import BoundedSums
from .estimate import CELL_Z, ratio_of
from .hierarchy import consistent, nonnegative, whole
from .mechanism import mechanism_of
from .noise import Integers
from .ratios import Floats
from .weights import ONE

_HUNDREDTHS = 2


@dataclass(frozen=True)
class Groups:
    """The levels above the cells: their rows (cell columns, the rolled-up one null), and each node's parent."""

    rows: tuple[pa.Table, ...]
    parents: tuple[Integers, ...]


def groups_of(statement: TableStatement, cells: pa.Table, public: Mapping[str, Sequence[str]]) -> Groups:
    """Groups of a statement's cells: for each combination of the other cell columns, one a group and one total.

    public[by] holds, for each value of public[column], the one that groups it. Raises UsageError where it does not.
    """
    column, by = _columns(statement)
    values, grouped = public.get(column, ()), public.get(by, ())
    if len(values) != len(grouped):
        raise UsageError(f"the rollup needs one value of {by} for each value of {column}: give both, in one order")
    by_value = dict(zip(values, grouped, strict=True))
    of_cells = pa.array([by_value[value] for value in cells[column].to_pylist()], pa.string())
    others = [name for name in cells.column_names if name != column]
    finest = cells.select(others).append_column(by, of_cells)
    rows, parents = [], []
    for names in ([*others, by], others):
        level, parent = _distinct(finest, names)
        rows.append(level)
        parents.append(parent)
        finest = level
    return Groups(tuple(rows), tuple(parents))


def summed_up(sums: BoundedSums, groups: Groups) -> BoundedSums:
    """Sums with those of the groups, exact: to be noised by the mechanism's levels before anything else sees them."""
    levels, values = [], sums.values
    for parent, rows in zip(groups.parents, groups.rows, strict=True):
        above = np.zeros((len(values), rows.num_rows), np.int64)
        for row, own in zip(above, values, strict=True):
            np.add.at(row, parent, own)
        levels.append(above)
        values = above
    return replace(sums, levels=tuple(levels))


def rollup_rows(statement: TableStatement, cells: pa.Table, groups: Groups, drawn: BoundedSums) -> pa.Table:
    """The published rows: cells, then groups, then totals, as a ROLLUP gives them: the columns that a row sums over are
    null. Values add up exactly, as published; intervals are those of the fit, widened where they do not hold the value.

    A count is of accounts and cells: an account that is in two cells of a group counts twice in it.
    """
    mechanism = mechanism_of(statement)
    _, by = _columns(statement)
    ratio = ratio_of(mechanism, drawn.totals)
    fits = {part.name: _fit(statement, groups, drawn, number) for number, part in enumerate(mechanism.sums)}
    columns: dict[str, Floats] = {}
    for part in mechanism.sums:
        measure, (fit, spread) = statement.measures[part.name], fits[part.name]
        if part.centre and mechanism.counts is not None:
            counted, counted_spread = fits[mechanism.counts]
            fit = [own + part.centre * count for own, count in zip(fit, counted, strict=True)]
            spread = [own + part.centre**2 * more for own, more in zip(spread, counted_spread, strict=True)]
        unit = 1.0 if measure.per == 1 else 10.0**_HUNDREDTHS
        scale = unit / (ONE * measure.per)
        published = whole(
            nonnegative([level * scale * float(ratio.value) for level in fit], groups.parents), groups.parents
        )
        value, reach = np.concatenate(published), CELL_Z * np.sqrt(np.concatenate(spread))
        raw = np.concatenate(fit)
        low = np.floor(np.maximum(raw - reach, 0) * scale * float(ratio.low))
        high = np.ceil(np.maximum(raw + reach, 0) * scale * float(ratio.high))
        columns[part.name] = value / unit
        columns[f"{part.name}_low"] = np.minimum(low, value) / unit
        columns[f"{part.name}_high"] = np.maximum(high, value) / unit
    of_cells = groups.rows[0][by].take(pa.array(groups.parents[0]))
    leaves = cells.append_column(by, of_cells)
    rows = pa.concat_tables([leaves, *groups.rows], promote_options="default").select([by, *cells.column_names])
    for name, values in columns.items():
        rows = rows.append_column(name, pa.array(values, pa.float64()))
    return rows


def _columns(statement: TableStatement) -> tuple[str, str]:
    if statement.rollup is None:
        raise ValueError("a statement without a rollup has no groups")
    return statement.rollup.column, statement.rollup.by


def _fit(
    statement: TableStatement, groups: Groups, drawn: BoundedSums, number: int
) -> tuple[list[Floats], list[Floats]]:
    mechanism = mechanism_of(statement)
    levels = [drawn.values[number], *(level[number] for level in drawn.levels)]
    sigmas = [mechanism.sums[number].sigma, *(level[number].sigma for level in mechanism.levels)]
    return consistent([level.astype(np.float64) for level in levels], [float(s) ** 2 for s in sigmas], groups.parents)


def _distinct(rows: pa.Table, names: Sequence[str]) -> tuple[pa.Table, Integers]:
    """The distinct rows by some columns, in order of their first appearance, and which of them each row is."""
    code = np.zeros(rows.num_rows, np.int64)
    for name in names:
        codes = rows[name].combine_chunks().dictionary_encode()
        code = code * max(len(codes.dictionary), 1) + codes.indices.to_numpy()
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    parent: Integers = rank[place]
    return rows.select(list(names)).take(pa.array(np.sort(first))) if names else _one_row(rows), parent


def _one_row(rows: pa.Table) -> pa.Table:
    """A table of one row without a value: the total of everything. It keeps a column, or Arrow would say no rows."""
    return pa.table({rows.column_names[-1]: pa.nulls(1, pa.string())})
