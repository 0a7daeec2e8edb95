"""Where a column comes from, and on which columns a query decides; followed through models to where data enters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class ColumnRef:
    """One column of a stored table."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


Refs = frozenset[ColumnRef]


@dataclass(frozen=True)
class Lineage:
    """What a query's columns are computed from, what it decides by, and the tables whose rows it reads.

    `conditions` are the columns of joins, where, having, qualify, group by, distinct and every order, wherever they
    stand; they bear on all columns. What stands inside a projected window, case or subquery is in both.
    """

    columns: Mapping[str, Refs]
    conditions: Refs = frozenset()
    tables: frozenset[str] = frozenset()

    @property
    def all_refs(self) -> Refs:
        """Every column that the query reads to any effect."""
        return self.conditions.union(*self.columns.values())


def close(lineage: Lineage, upstream: Mapping[str, Lineage], stop: Iterable[str] = ()) -> Lineage:
    """Follow a lineage through the models behind its tables, down to tables that no model makes or that are in `stop`.

    `upstream` holds the closed lineage of each model behind. A model's conditions bear on all that reads it.
    """
    ends = frozenset(stop)

    def origin(ref: ColumnRef) -> Refs:
        behind = upstream.get(ref.table)
        return frozenset({ref}) if behind is None or ref.table in ends else behind.columns[ref.column]

    def origins(refs: Iterable[ColumnRef]) -> Refs:
        return frozenset(found for ref in refs for found in origin(ref))

    through = [upstream[table] for table in lineage.tables if table in upstream and table not in ends]
    ending = frozenset(table for table in lineage.tables if table not in upstream or table in ends)
    return Lineage(
        {name: origins(refs) for name, refs in lineage.columns.items()},
        origins(lineage.conditions).union(*(behind.conditions for behind in through)),
        ending.union(*(behind.tables for behind in through)),
    )
