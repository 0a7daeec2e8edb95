"""Exact tables that a policy insists on: counts without noise, and what must hold before anybody sees one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

_KEYS = ("account_key", "viewer_key", "arrival_day")
_TAKEN = ("period", "accounts", "class_accounts", "l_distinct", "l_entropy")

Period = Literal["day", "week", "month"]


class ExactTable(BaseModel):
    """One table of exact counts of accounts, by a period of whole arrival days.

    source: what one purpose may see of events (permitted_<purpose>_<table>). Each account counts once a period, in the
    combination of quasi_identifiers and sensitive value that it has most often. k: fewer accounts than this are in no
    cell. l: so many values of the sensitive column in every class, by number and by the exponential of their entropy.
    t: a class's distribution is no further from the whole's: total variation, or earth mover's distance along the
    values of `ordered` where they have an order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    source: Annotated[str, Field(pattern=r"^permitted_[a-z0-9]+(_[a-z0-9]+)*$")]
    quasi_identifiers: Annotated[tuple[str, ...], Field(min_length=1)]
    sensitive: str
    ordered: tuple[str, ...] = ()
    k: Annotated[int, Field(ge=2)]
    l: Annotated[float, Field(ge=1)]  # noqa: E741 - the literature's own name
    t: Annotated[float, Field(gt=0, le=1)]
    period: Period

    @model_validator(mode="after")
    def _columns_apart(self) -> Self:
        columns = (*self.quasi_identifiers, self.sensitive)
        if len(set(columns)) != len(columns):
            raise ValueError("a column is named twice among quasi_identifiers and sensitive")
        for column in columns:
            if column in _KEYS:
                raise ValueError(f"{column}: who a row is about, or when it came, is no column of a table of counts")
            if column in _TAKEN:
                raise ValueError(f"{column}: the table has a column of its own of this name")
        if len(set(self.ordered)) != len(self.ordered) or len(self.ordered) == 1:
            raise ValueError("ordered: two values at least, each once")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are looked at, the sensitive one last."""
        return (*self.quasi_identifiers, self.sensitive)


ExactName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]


def check_exact(tables: Mapping[str, ExactTable], purposes: Mapping[str, Mapping[str, object]], least: int) -> None:
    """Raise ValueError, with the reason in plain words, for tables that could be subtracted from each other.

    `purposes` are the purposes' columns by input, `least` is published.min_cell_size.
    """
    seen = {f"permitted_{purpose}_{table}": table for purpose, columns in purposes.items() for table in columns}
    rows: dict[str, tuple[str, ExactTable]] = {}
    for name, table in tables.items():
        where = f"exact_tables.{name}"
        if table.source not in seen or seen[table.source] == "accounts":
            raise ValueError(f"{where}: {table.source} is not what a purpose may see of events")
        if table.k < least:
            raise ValueError(f"{where}: k must be published.min_cell_size ({least}) or more")
        other, before = rows.setdefault(seen[table.source], (name, table))
        if before.source != table.source:
            raise ValueError(
                f"{where} and exact_tables.{other} count the same people's rows as two purposes may see them. Who "
                "agreed to the one and not to the other is the difference of the two tables, and may be one person: "
                "count both for one purpose"
            )
        if before.period != table.period:
            raise ValueError(
                f"{where} and exact_tables.{other} count the same rows by {table.period} and by {before.period}. A "
                "month less its other days is a count of the few who are in only one of them: give both one period"
            )
