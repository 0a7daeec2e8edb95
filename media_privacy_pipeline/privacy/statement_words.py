"""A statement in words, for those who sign it: whose privacy, over which period, and which keys may appear."""

from __future__ import annotations

from ..release_policy import CellColumn, TableStatement
from .mechanism import mechanism_of
from .weights import ONE


def keys_of(statement: TableStatement) -> str:
    """Which cells a release has, and how it is known: a word or two for each column."""
    return "; ".join(f"{name}: {_known(statement, column)}" for name, column in statement.cells.items())


def bounds_of(statement: TableStatement) -> str:
    """How much one account counts for, at most."""
    if statement.bounding == "sample":
        return f"{statement.squared_norm} cells an account and day, sampled"
    return f"{statement.squared_norm} squared an account and day, weighted, {statement.most_cells} cells"


def _known(statement: TableStatement, column: CellColumn) -> str:
    if column.unknown:
        told = mechanism_of(statement).threshold / ONE
        return f"not known beforehand, told from a noisy count of {told:.4g} on"
    if column.of is not None:
        return f"known, all of {column.of}"
    others = "others not told" if column.other is None else f"others as {column.other}"
    return f"known, {len(column.values)} listed, {others}"
