"""A statement in words, for those who sign it: whose privacy, over which period, and which keys may appear."""

from __future__ import annotations

from ..release_policy import PERIOD, CellColumn, TableStatement
from .mechanism import mechanism_of
from .weights import ONE


def keys_of(statement: TableStatement) -> str:
    """Which cells a release has, and how it is known: a word or two for each column."""
    return "; ".join(f"{name}: {_known(statement, column)}" for name, column in statement.cells.items())


def bounds_of(statement: TableStatement) -> str:
    """How much one account counts for, at most."""
    during = "day" if statement.period is None else f"{statement.period.days} days"
    if statement.bounding == "sample":
        return f"{statement.squared_norm} cells an account and {during}, sampled"
    return f"{statement.squared_norm} squared an account and {during}, weighted, {statement.most_cells} cells"


def unit_of(statement: TableStatement) -> str:
    """Whose privacy, and over which days one release costs what it does."""
    if statement.period is not None:
        return f"account, {statement.period.days} days"
    if statement.allowance is None:
        return "account-day"
    if statement.allowance.family is not None:
        return f"account, an allowance of {statement.allowance.family}"
    return f"account, {statement.allowance.carry_days} days carried"


def _known(statement: TableStatement, column: CellColumn) -> str:
    if column.unknown:
        told = mechanism_of(statement).threshold / ONE
        return f"not known beforehand, told from a noisy count of {told:.4g} on"
    if column.cuts:
        return f"known, {len(column.cuts) + 1} ranges"
    if column.of is not None:
        return "known, the days of the period" if column.of == PERIOD else f"known, all of {column.of}"
    others = "others not told" if column.other is None else f"others as {column.other}"
    return f"known, {len(column.values)} listed, {others}"
