"""One model: its text, its tree, the tables that it reads, and the binding of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase

import sqlglot
from sqlglot import exp

from ..errors import UsageError

Parameter = str | int | float | bool | date | datetime
"""What may be bound. There is no bytes among them: a key has no way into a query."""


@dataclass(frozen=True)
class Model:
    """One SELECT: its name (the file's), its text, and the tables that it reads.

    A model without a contract of its own is a view: it is inlined where it is read. One with a contract is a table.
    """

    name: str
    path: Path
    sql: str

    @cached_property
    def tree(self) -> exp.Query:
        """Parsed text, `lower` and `upper` made plain; do not change it in place.

        Raises UsageError where the text is not one SELECT.
        """
        return _plain_case(parse(self.sql, str(self.path)))

    @cached_property
    def inputs(self) -> frozenset[str]:
        """Tables and views that the text names, its own CTEs left out."""
        ctes = {cte.alias for cte in self.tree.find_all(exp.CTE)}
        return frozenset(table.name for table in self.tree.find_all(exp.Table) if table.name and table.name not in ctes)

    @cached_property
    def parameters(self) -> frozenset[str]:
        """Names that the text writes as `$name`."""
        return frozenset(node.name for node in self.tree.find_all(exp.Placeholder, exp.Parameter))


def parse(text: str, where: str) -> exp.Query:
    """One SELECT in DuckDB's dialect. Raises UsageError that begins with `where`."""
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        # What follows the first line is the text itself, in the colours of a terminal.
        raise UsageError(f"{where}: not SQL: {str(error).splitlines()[0]}") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise UsageError(f"{where}: a model is one SELECT")
    return trees[0]


def _plain_case(tree: exp.Query) -> exp.Query:
    """Let `lower` and `upper` fold A to Z alone: the engines disagree on what lies beyond (ß, İ, ligatures)."""
    # Inner ones first: `replace` leaves a node that is already out of the tree as it was.
    for node in reversed(list(tree.find_all(exp.Lower, exp.Upper))):
        lower = isinstance(node, exp.Lower)
        old, new = (ascii_uppercase, ascii_lowercase) if lower else (ascii_lowercase, ascii_uppercase)
        letters = {"from_": exp.Literal.string(old), "to": exp.Literal.string(new)}
        node.replace(exp.Translate(this=node.this, **letters))
    return tree


def bind(tree: exp.Query, parameters: Mapping[str, Parameter], name: str) -> exp.Query:
    """Put a literal in place of each `$name`, in place. Raises UsageError for one that is not given."""
    for node in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        key = node.name
        if key not in parameters:
            raise UsageError(f"model {name}: the parameter ${key} was not given")
        node.replace(literal(parameters[key]))
    return tree


def literal(value: Parameter) -> exp.Expr:
    """A value as a typed SQL literal that both engines read alike. Datetimes must be naive UTC.

    Raises UsageError for a type that has no such literal.
    """
    match value:
        case bool():
            return exp.Boolean(this=value)
        case datetime() if value.tzinfo is None:
            return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "timestamp", dialect="duckdb")
        case date() if not isinstance(value, datetime):
            return exp.cast(exp.Literal.string(value.isoformat()), "date", dialect="duckdb")
        case int():
            return exp.Literal.number(value)
        case float():
            # An exponent makes it a double on both engines; without one it is a decimal.
            return exp.cast(exp.Literal.string(repr(value)), "double", dialect="duckdb")
        case str():
            return exp.Literal.string(value)
    kind = type(value).__name__
    raise UsageError(f"a parameter is text, a number, a boolean, a date or a naive UTC time, and not {kind}")
