"""Where a collected column ends up: lineage read forwards, from what the door stored to every table that holds it.

Through SELECTs it is followed column by column. What a step written in Python makes says in its contract what from
(`made_from`: tables, or columns of tables), and each of its columns is then taken to hold all of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from ..errors import UsageError
from .lineage import ColumnRef
from .project import Project


def reach(project: Project) -> Mapping[ColumnRef, frozenset[str]]:
    """The stored tables that each column of a stored table is computed into, by way of whatever others.

    Raises UsageError for a contract that says it is made from a table or column that there is not.
    """
    onward: dict[ColumnRef, set[ColumnRef]] = defaultdict(set)
    for name, contract in project.contracts.items():
        if contract.meta.group == "landing_zone":
            continue
        if name in project.models:
            for column, origins in project.parents(name).columns.items():
                for origin in origins:
                    onward[origin].add(ColumnRef(name, column))
        for origin in _made_from(project, name):
            onward[origin] |= {ColumnRef(name, column) for column in contract.types}
    columns = [ColumnRef(name, column) for name, contract in project.contracts.items() for column in contract.types]
    return {column: _tables(column, onward) for column in columns}


def decided_by(project: Project) -> Mapping[ColumnRef, frozenset[str]]:
    """The stored tables whose rows each column helps to choose: by a join, a filter, a grouping or an order."""
    found: dict[ColumnRef, set[str]] = defaultdict(set)
    for name in project.contracts:
        if name in project.models:
            for column in project.parents(name).conditions:
                found[column].add(name)
    return {column: frozenset(tables) for column, tables in found.items()}


def _tables(start: ColumnRef, onward: Mapping[ColumnRef, set[ColumnRef]]) -> frozenset[str]:
    seen, queue = {start}, [start]
    for column in queue:
        fresh = onward.get(column, set()) - seen
        seen |= fresh
        queue += sorted(fresh)
    return frozenset(column.table for column in seen) - {start.table}


def _made_from(project: Project, name: str) -> Iterator[ColumnRef]:
    for origin in project.contracts[name].meta.made_from:
        table, _, column = origin.partition(".")
        if table in project.models and project.is_view(table):
            yield from project.parents(table).all_refs
            continue
        if table not in project.contracts:
            # A permitted table is there only while the policy shows its purpose something.
            if table.startswith("permitted_"):
                continue
            raise UsageError(f"contract {name}: made_from names the unknown table {table}")
        types = project.contracts[table].types
        if column and column not in types:
            raise UsageError(f"contract {name}: made_from names {origin}, and {table} has no such column")
        yield from (ColumnRef(table, each) for each in ([column] if column else types))
