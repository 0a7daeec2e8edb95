"""One period of all tables over the same rows: as it is kept, or decided now and kept; or refused, with the reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa

from ..engines import Engine, Folder
from ..engines.types import arrow_schema
from ..errors import Refused
from ..exact_policy import ExactTable
from .closeness import distinct_l, entropy_l
from .counting import count
from .deciding import Decision
from .differences import decide_together
from .kept import Kept, keep, kept_periods, statement_of

_DECIMALS = 4


def find_period(decided: Sequence[Kept], tables: Mapping[str, ExactTable], first: date, last: date) -> Kept | None:
    """The kept decision of a period, None where it may be decided now.

    Raises Refused, saying what could be found out otherwise, for a period that overlaps one that was decided, and for a
    table that comes after others over the same rows were told.
    """
    source = next(iter(tables.values())).source
    for kept in decided:
        if kept.last < first or last < kept.first:
            continue
        days = f"{kept.first} to {kept.last}"
        if (kept.first, kept.last) != (first, last):
            raise Refused(
                f"exact tables of {source}, {first} to {last}: some of these days were counted before, in the period "
                f"{days}. One period less the other would be a count of what few people did on the days between. Days "
                "are told once: wait for a period that begins after them"
            )
        if kept.source != source:
            raise Refused(
                f"exact tables of {source}, {days}: the same rows were told as {kept.source} shows them. The "
                "difference would be those who agreed to one purpose and not to the other, who may be few"
            )
        for name in tables:
            if name not in kept.statements:
                raise Refused(
                    f"{name}, {days}: other tables over the same rows were told for this period. Who withdrew or was "
                    "erased since would be the difference: a new table begins with a period that nothing was told of"
                )
        return kept
    return None


def check_shapes(decided: Sequence[Kept], tables: Mapping[str, ExactTable]) -> None:
    """Raise Refused for a table of which another shape was told before, in whatever period."""
    for kept in decided:
        for name, table in tables.items():
            if kept.statements.get(name, statement_of(table)) != statement_of(table):
                raise Refused(
                    f"{name}: from {kept.first} to {kept.last} it was told in another shape (source, columns, k, l, t, "
                    "order or period). Two shapes of the same rows can be subtracted from each other: give the new "
                    "shape a name of its own; it then begins with a period that nothing was told of"
                )


def decide_period(
    root: Path, tables: Mapping[str, ExactTable], first: date, last: date, engine: Engine, rows: Folder
) -> Kept:
    """The kept decision of a period, made from its rows on the first call and never again, whatever the rows are then.

    Raises Refused as `find_period` and `check_shapes` do.
    """
    decided = kept_periods(root)
    check_shapes(decided, tables)
    found = find_period(decided, tables, first, last)
    if found is not None:
        return found
    decisions = decide_together(tables, count(engine, tables, rows))
    made = {name: (_rows(tables[name], each, first), each.report) for name, each in decisions.items()}
    return keep(root, first, last, tables, made)


def types_of(table: ExactTable) -> dict[str, str]:
    """The columns of a table as it is kept and published, with their DuckDB types."""
    cells = dict.fromkeys(table.columns, "varchar")
    told = {"accounts": "bigint", "class_accounts": "bigint", "l_distinct": "bigint", "l_entropy": "double"}
    return {"period": "date", **cells, **told}


def _rows(table: ExactTable, decision: Decision, first: date) -> pa.Table:
    """The told cells, sorted, each with the figures of its class: made of what is told, so that they tell no more."""
    classes: dict[tuple[str, ...], dict[str, int]] = {}
    for cell, accounts in decision.cells.items():
        classes.setdefault(cell[:-1], {})[cell[-1]] = accounts
    rows = [
        {
            "period": first,
            **dict(zip(table.columns, cell, strict=True)),
            "accounts": accounts,
            "class_accounts": sum(classes[cell[:-1]].values()),
            "l_distinct": distinct_l(classes[cell[:-1]]),
            "l_entropy": round(entropy_l(classes[cell[:-1]]), _DECIMALS),
        }
        for cell, accounts in sorted(decision.cells.items())
    ]
    return pa.Table.from_pylist(rows, arrow_schema(types_of(table)))
