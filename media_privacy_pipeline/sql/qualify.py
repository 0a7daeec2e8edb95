"""What a model's columns are: every name resolved against the contracts, every output typed, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify as sqlglot_qualify
from sqlglot.schema import MappingSchema

from ..errors import UsageError
from .contracts import Contract
from .model import Model

Types = Mapping[str, exp.DataType]
"""DuckDB type of each column of a table, in order."""

_INTEGERS = {exp.DType.TINYINT, exp.DType.SMALLINT, exp.DType.INT, exp.DType.BIGINT}


@cache
def type_of(name: str) -> exp.DataType:
    """A DuckDB type by its name; it is shared, so do not change it."""
    return exp.DataType.build(name, dialect="duckdb")


def contract_types(contract: Contract) -> dict[str, exp.DataType]:
    """The types that a contract declares."""
    return {name: type_of(kind) for name, kind in contract.types.items()}


class Catalogue:
    """Columns and types of every table and view known so far."""

    def __init__(self, tables: Mapping[str, Types]) -> None:
        self._tables: dict[str, Types] = dict(tables)
        self._schema = MappingSchema(
            {name: {column: kind.sql("duckdb") for column, kind in types.items()} for name, types in tables.items()},
            dialect="duckdb",
        )

    def add(self, table: str, types: Types) -> None:
        """Make a view known by the columns that were inferred for it."""
        self._tables[table] = types
        self._schema.add_table(table, {name: kind.sql("duckdb") for name, kind in types.items()})

    def columns(self, table: str) -> Types:
        """Columns of a known table."""
        return self._tables[table]

    def __contains__(self, table: object) -> bool:
        return table in self._tables

    def qualify(self, model: Model) -> exp.Query:
        """The model's tree with every column under its source's name, stars expanded, and types annotated.

        Raises UsageError that names the file and the column that no input has.
        """
        try:
            tree = sqlglot_qualify(
                model.tree.copy(),
                schema=self._schema,
                dialect="duckdb",
                quote_identifiers=False,
                identify=False,
                sql=None,
            )
            return annotate_types(tree, schema=self._schema, dialect="duckdb")
        except SqlglotError as error:
            raise UsageError(f"{model.path}: {_plain(error)}") from None


def output(model: Model, tree: exp.Query) -> dict[str, exp.DataType]:
    """Name and type of each column that a qualified model gives, in order.

    Raises UsageError for two columns of one name, and for branches of a union that differ in number.
    """
    names = [select.alias_or_name for select in tree.selects]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"{model.path}: two columns are called {name}: give each a name of its own")
    branches = [_types(branch) for branch in _branches(tree)]
    if {len(branch) for branch in branches} != {len(names)}:
        raise UsageError(f"{model.path}: the branches of the union have different numbers of columns")
    return {name: _common(model, name, kinds) for name, *kinds in zip(names, *branches, strict=True)}


def check_contract(model: Model, found: Types, contract: Contract) -> None:
    """Hold a model's columns to the contract of its table: the same names in the same order, of the same types.

    Raises UsageError that names the file, the column and what to write.
    """
    declared = contract_types(contract)
    if list(found) != list(declared):
        missing, surplus = [c for c in declared if c not in found], [c for c in found if c not in declared]
        problems = [f"lacks {', '.join(missing)}"] if missing else []
        problems += [f"has {', '.join(surplus)} beyond it"] if surplus else []
        problems = problems or [f"has another order: {', '.join(found)} and not {', '.join(declared)}"]
        raise UsageError(f"{model.path}: not the columns of the contract {contract.name}: it {'; '.join(problems)}")
    for name, kind in declared.items():
        if found[name].this is exp.DType.UNKNOWN:
            raise UsageError(
                f"{model.path}: the type of {name} cannot be told from the text: "
                f"write cast(... as {contract.types[name]})"
            )
        if word(found[name]) != word(kind):
            raise UsageError(
                f"{model.path}: {name} is {word(found[name])} where the contract says {word(kind)}: "
                f"write cast(... as {contract.types[name]}) or mend the contract"
            )


def _branches(tree: exp.Expr) -> list[exp.Select]:
    if isinstance(tree, exp.SetOperation):
        return [*_branches(tree.left), *_branches(tree.right)]
    if isinstance(tree, exp.Subquery):
        return _branches(tree.this)
    return [tree] if isinstance(tree, exp.Select) else []


def _types(select: exp.Select) -> list[exp.DataType]:
    return [_inferred(column) for column in select.selects]


def _inferred(column: exp.Expr) -> exp.DataType:
    """What sqlglot infers, put right where DuckDB is wider: a bare sum of integers is a HUGEINT."""
    value = column.unalias()
    core = value.this if isinstance(value, exp.Window | exp.Filter) else value
    if isinstance(core, exp.Sum) and core.this.type is not None and core.this.type.this in _INTEGERS:
        return type_of("hugeint")
    return column.type or type_of("unknown")


def _common(model: Model, name: str, kinds: list[exp.DataType]) -> exp.DataType:
    told = [kind for kind in kinds if kind.this is not exp.DType.NULL] or kinds
    if len({word(kind) for kind in told}) > 1:
        words = " and ".join(sorted({word(kind) for kind in told}))
        raise UsageError(f"{model.path}: the branches of the union give {name} as {words}: cast them to one type")
    return told[0]


def word(kind: Any) -> str:
    """A type's name in the contracts' words."""
    text: str = kind.sql("duckdb").lower()
    return text.replace("text", "varchar").replace("int[]", "integer[]") if text != "int" else "integer"


def _plain(error: SqlglotError) -> str:
    """The first sentence of an error, in the loader's words; the file's text is not repeated."""
    return str(error).splitlines()[0].split(". Line:")[0]
