"""Expectations on single rows and on duplicates, counted by the engine: for tables that no frame should hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from ..engines import Engine
from ..sql import Contract
from .frames import Checked
from .spec import ExpectationSpec, quoted

FRAMED_ROWS = 1_000_000
"""Rows of a published table that Great Expectations is handed; of one with more, the counts alone are."""


def counted_rows(
    engine: Engine, contract: Contract, specs: Sequence[ExpectationSpec], source: Checked
) -> dict[str, tuple[int, int]]:
    """(unexpected, total) of every expectation that a frame would be looked at for: exact, over all rows.

    As Great Expectations counts them: null breaks nothing but `not_null`, and every row of a value that is there twice
    is unexpected. Where it takes NaN for a null, here it is a number past every range.
    """
    framed = [spec for spec in specs if spec.columns]
    inputs = {contract.name: source}
    single = {spec.name: broken for spec in framed if (broken := _broken(spec)) is not None}
    counts = [f"cast(count(*) filter (where {broken}) as bigint) as c{n}" for n, broken in enumerate(single.values())]
    told = ", ".join([*counts, "cast(count(*) as bigint) as total"])
    (row,) = engine.fetch(f"select {told} from {contract.name}", inputs).to_pylist()
    found = {name: (int(row[f"c{n}"]), int(row["total"])) for n, name in enumerate(single)}
    for spec in framed:
        if spec.name not in single:
            (again,) = engine.fetch(_repeated(contract.name, spec), inputs).to_pylist()
            found[spec.name] = (int(again["rows"]), int(row["total"]))
    return found


def _broken(spec: ExpectationSpec) -> str | None:
    """The condition of a row that breaks an expectation; None where one row alone cannot."""
    columns = [quoted(column) for column in spec.columns]
    asked = spec.kwargs
    if spec.kind == "not_null":
        return f"{columns[0]} is null"
    if spec.kind == "in_set":
        return f"{columns[0]} not in ({', '.join(map(_literal, asked['value_set']))})"
    if spec.kind == "between":
        sides = [(asked.get("min_value"), "<"), (asked.get("max_value"), ">")]
        asks = [f"{columns[0]} {sign} {_literal(side)}" for side, sign in sides if side is not None]
        return " or ".join(asks) or "false"
    if spec.kind == "regex":
        return f"not regexp_matches({columns[0]}, {_literal(asked['regex'])})"
    if spec.kind == "at_least":
        return f"{columns[0]} < {columns[1]}"
    return None


def _repeated(table: str, spec: ExpectationSpec) -> str:
    columns = ", ".join(quoted(column) for column in spec.columns)
    there = f" where {columns} is not null" if spec.kind == "unique" else ""
    groups = f"select count(*) as times from {table}{there} group by {columns} having count(*) > 1"
    return f"select cast(coalesce(sum(times), 0) as bigint) as rows from ({groups}) as repeated"


def _literal(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(value).lower()
    kind = "date " if isinstance(value, date) else ""
    return kind + "'" + str(value).replace("'", "''") + "'"
