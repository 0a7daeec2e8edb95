"""The text of bounding: from a statement to the query that weighs accounts' cells and adds them up.

Everything that limits a contribution stands in the statement and is written into the query from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from ..release_policy import CellColumn, TableStatement
from .mechanism import mechanism_of
from .sampling import bounded, sized

WEIGHTS = "bounding_weights"
OWN_WEIGHTS = "account_weights"
MISSING = "missing"
DOMAIN = "domain_of_"
CELL = "cell"
_HASHED = "hash(account_key)"
_LARGEST_SMALLINT = 2**15 - 1


def bounding_sql(
    statement: TableStatement,
    source: str,
    days: Sequence[date],
    *,
    hashed: bool = False,
    own_weights: bool = False,
) -> str:
    """The query behind `bounded_sums`: a row per day and cell, and one per day with null cells for the totals.

    Known cells are grouped by their place in `domain_of`, in a column `cell`: a third of the time and half of the
    memory of text. A sample of them is chosen by their text, and where a column is unknown, each stands by itself.
    `hashed`: accounts are told apart by DuckDB's hash of 64 bits, in place of keys, which would be three quarters of
    the memory and go to the disk. Where two accounts of these days share one, `shared` says so in the rows of totals,
    and the sums are of no use.
    """
    account = _HASHED if hashed else "account_key"
    names = [CELL] if is_placed(statement) else list(statement.cells)
    numbered = set(_numbered(statement))
    summed = {name for name, measure in statement.measures.items() if measure.of is not None}
    mechanism = mechanism_of(statement)
    added = {part.name: f"weight * {_centred(part.name, part.centre, summed)}" for part in mechanism.sums}
    added |= {} if mechanism.cut is None else {mechanism.cut.name: MISSING}
    missing = "" if mechanism.cut is None else f", {MISSING}"
    sums = ", ".join(f"cast(sum({each}) as bigint) as s_{name}" for name, each in added.items())
    named = ", ".join(f"{DOMAIN}{name}.value as {name}" if name in numbered else f"by_cell.{name}" for name in names)
    domains = "".join(
        f" join {DOMAIN}{name} on {DOMAIN}{name}.number = by_cell.{name}" for name in names if name in numbered
    )
    kind = "bigint" if is_placed(statement) else "varchar"
    nothing = ", ".join([f"cast(null as {kind}) as {name}" for name in names])
    no_sums = ", ".join(f"cast(0 as bigint) as s_{name}" for name in added)
    totals = ", ".join(mechanism.totals)
    added_up = ", ".join(f"cast(sum({name}) as bigint) as {name}" for name in mechanism.totals)
    no_totals = ", ".join(f"cast(0 as bigint) as {name}" for name in mechanism.totals)
    weights = f"{WEIGHTS} using (cells)"
    if own_weights:
        weights = f"(select *, {account} as account from {OWN_WEIGHTS}) as own using (account, day, cells)"
    shared, shares = "", "cast(0 as bigint)"
    if hashed:
        keys = f"select account_key from ({source}) as contributed where {_wanted(days)} group by account_key"
        shared = f",\nshared as (select 1 from ({keys}) as keys group by {_HASHED} having count(*) > 1)"
        shares = "(select count(*) from shared)"
    return f"""
with {merging_sql(statement, source, days, account)}{shared},
weights as (select account, day, cast(weight as integer) as weight, {totals}{missing} from sizes join {weights}),
by_cell as (select day, {", ".join(names)}, {sums} from {bounded(statement, "known")}
  join weights using (account, day) group by day, {", ".join(names)}),
by_day as (select day, {added_up} from weights group by day)
select day, {named}, {", ".join(f"s_{name}" for name in added)},
  {no_totals}, cast(0 as bigint) as shared, false as is_total
from by_cell{domains}
union all
select day, {nothing}, {no_sums}, {totals}, {shares} as shared, true as is_total from by_day
"""


def merging_sql(statement: TableStatement, source: str, days: Sequence[date], account: str) -> str:
    """What bounding starts from: `known`, the clipped measures by account, day and cell; `sizes`, how many cells."""
    mapped = ", ".join(f"{mapped_sql(name, column)} as {name}" for name, column in statement.cells.items())
    conditions = [_wanted(days), *(f"{name} is not null" for name, column in statement.cells.items() if column.unknown)]
    measures = {name: measure for name, measure in statement.measures.items() if measure.of is not None}
    # A row is clipped before it is added, so that no input, however odd, overflows a sum.
    rows = "".join(
        f", cast(greatest(0, least({m.most}, coalesce({m.of}, 0))) as {_narrow(m.most)}) as m_{name}"
        for name, m in measures.items()
    )
    clipped = "".join(
        f", cast(greatest({m.least}, least({m.most}, sum(m_{name}))) as {_narrow(m.most)}) as m_{name}"
        for name, m in measures.items()
    )
    numbered = set(_numbered(statement))
    kept = {name: f"{DOMAIN}{name}.number" if name in numbered else f"placed.{name}" for name in statement.cells}
    if is_placed(statement):
        kept = {CELL: " + ".join(kept.values())}
    known = "".join(
        f" join {DOMAIN}{name} on {DOMAIN}{name}.value = placed.{name}"
        for name, column in statement.cells.items()
        if not column.unknown
    )
    cells = ", ".join(f"{each} as {name}" for name, each in kept.items())
    return f"""contributed as ({source}),
placed as (select {account} as account, day, {mapped}{rows} from contributed where {" and ".join(conditions)}),
known as (select account, day, {cells}{clipped} from placed{known} group by account, day, {", ".join(kept.values())}),
sizes as (select account, day, {sized(statement)} as cells from known group by account, day)"""


def _wanted(days: Sequence[date]) -> str:
    return f"day in ({', '.join(_date(day) for day in days)}) and account_key is not null"


def is_placed(statement: TableStatement) -> bool:
    """Whether a cell is grouped by its place among all there are: one number, whatever its columns."""
    return statement.bounding == "weights" and not statement.unknown_keys


def _numbered(statement: TableStatement) -> list[str]:
    """The cell columns that are grouped by the numbers of their values."""
    return [] if statement.bounding == "sample" else [n for n, column in statement.cells.items() if not column.unknown]


def mapped_sql(name: str, column: CellColumn) -> str:
    """The SQL of a cell column's value, unknown ones as `other`."""
    if column.other is None:
        return name
    return f"case when {name} in ({listed_sql(column.values)}) then {name} else {_text(column.other)} end"


def _narrow(most: int) -> str:
    """The type of a clipped value: DuckDB keeps a sum of smallint in half the memory of any other, in 64 bits."""
    return "smallint" if most < _LARGEST_SMALLINT else "bigint"


def _centred(name: str, centre: int, summed: Iterable[str]) -> str:
    if name not in summed:
        return "1"
    return f"(m_{name} - {centre})" if centre else f"m_{name}"


def _date(day: date) -> str:
    return f"date '{day.isoformat()}'"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def listed_sql(values: Iterable[str]) -> str:
    """Texts as literals, one after another."""
    return ", ".join(map(_text, values))
