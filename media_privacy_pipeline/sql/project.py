"""The models of dbt_like_sql as one project: parsed, their inputs known, rendered for an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import sqlglot
from sqlglot import exp

from ..errors import UsageError
from ..policy import Policy
from .contracts import Contract, load_contracts

Parameter = str | int | float | bool | date | datetime

_LAYERS = ("staging", "intermediate", "marts")


@dataclass(frozen=True)
class Model:
    """One SELECT: its name (the file's), its text, and the tables that it reads.

    A model without a contract of its own is a view: it is inlined where it is read. One with a contract is a table.
    """

    name: str
    path: Path
    sql: str
    inputs: frozenset[str]

    @cached_property
    def tree(self) -> exp.Query:
        """Parsed text; do not change it in place."""
        return _parse(self.sql, str(self.path))


@dataclass(frozen=True)
class Project:
    """All contracts and models of one folder under one policy."""

    contracts: Mapping[str, Contract]
    models: Mapping[str, Model]
    policy: Policy

    def sources(self, name: str) -> frozenset[str]:
        """The stored tables that a model reads once its views are inlined."""
        found: set[str] = set()
        for table in self.models[name].inputs:
            found |= self.sources(table) if self.is_view(table) else {table}
        return frozenset(found)

    def is_view(self, table: str) -> bool:
        """Whether a table is a model that is inlined rather than stored."""
        return table in self.models and table not in self.contracts

    def render(self, name: str, parameters: Mapping[str, Parameter] | None = None) -> str:
        """DuckDB text of a model: views inlined as CTEs, each `$name` bound as a literal.

        Raises UsageError for a parameter that is not given.
        """
        tree = self.models[name].tree.copy()
        for view in self._views_of(name):
            tree = tree.with_(view, as_=self.models[view].tree.copy(), append=False, dialect="duckdb")
        return _bind(tree, parameters or {}, name).sql(dialect="duckdb")

    def order(self) -> tuple[str, ...]:
        """Model names, inputs before what reads them."""
        graph = {name: model.inputs & self.models.keys() for name, model in self.models.items()}
        return tuple(TopologicalSorter(graph).static_order())

    def _views_of(self, name: str) -> list[str]:
        """Views under a model, those that are read by others last, for `with_(append=False)` to put them first."""
        wanted: list[str] = []
        stack = [name]
        while stack:
            for table in sorted(self.models[stack.pop()].inputs):
                if self.is_view(table):
                    wanted.append(table)
                    stack.append(table)
        order = [model for model in self.order() if model in wanted]
        return order[::-1]


def load_project(root: Path, policy: Policy) -> Project:
    """Read contracts and models. Raises UsageError that names the file and the rule for whatever is wrong."""
    contracts = load_contracts(root / "contracts")
    models: dict[str, Model] = {}
    for layer in _LAYERS:
        for path in sorted((root / layer).glob("*.sql")):
            text = path.read_text()
            if path.stem in models:
                raise UsageError(f"{path}: there is another model of this name at {models[path.stem].path}")
            models[path.stem] = Model(path.stem, path, text, _inputs(_parse(text, str(path))))
    project = Project(contracts, models, policy)
    try:
        project.order()
    except CycleError as error:
        raise UsageError(f"{root}: models that read each other in a circle: {' -> '.join(error.args[1])}") from None
    for model in models.values():
        for table in sorted(model.inputs - contracts.keys() - models.keys()):
            raise UsageError(f"{model.path}: reads the unknown table {table}: add its contract or its model")
    return project


def to_spark(sql: str) -> str:
    """Spark's text of a DuckDB query."""
    return sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]


def _parse(text: str, where: str) -> exp.Query:
    try:
        trees = sqlglot.parse(text, dialect="duckdb")
    except sqlglot.errors.ParseError as error:
        raise UsageError(f"{where}: not SQL: {error}") from None
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise UsageError(f"{where}: a model is one SELECT")
    return trees[0]


def _inputs(tree: exp.Query) -> frozenset[str]:
    ctes = {cte.alias for cte in tree.find_all(exp.CTE)}
    return frozenset(table.name for table in tree.find_all(exp.Table) if table.name and table.name not in ctes)


def _bind(tree: exp.Query, parameters: Mapping[str, Parameter], name: str) -> exp.Query:
    for node in list(tree.find_all(exp.Parameter)):
        key = node.name
        if key not in parameters:
            raise UsageError(f"model {name}: the parameter ${key} was not given")
        node.replace(literal(parameters[key]))
    return tree


def literal(value: Parameter) -> exp.Expression:
    """A value as a typed SQL literal that both engines read alike. Datetimes must be naive UTC."""
    if isinstance(value, bool):
        return exp.Boolean(this=value)
    if isinstance(value, datetime):
        return exp.cast(exp.Literal.string(value.isoformat(sep=" ")), "timestamp", dialect="duckdb")
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date", dialect="duckdb")
    if isinstance(value, int | float):
        return exp.Literal.number(value)
    return exp.Literal.string(value)
