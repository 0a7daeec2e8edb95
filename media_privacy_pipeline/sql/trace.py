"""The traversal behind lineage: one qualified query, down to the tables that it names.

sqlglot's own lineage follows select expressions only. A filter, a join key or an order tells of a column as well, so
this traversal keeps three things apart: what a value is computed from, what rows are chosen by, whose rows are read. It
knows every clause that models may use and refuses any other, so that nothing is left out unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from ..errors import UsageError
from .lineage import ColumnRef, Lineage, Refs
from .qualify import Catalogue

_NONE: Refs = frozenset()


@dataclass
class _Use:
    """What one expression, or one clause, takes: values, conditions and tables."""

    values: set[ColumnRef] = field(default_factory=set)
    conditions: set[ColumnRef] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)

    def decide(self, other: _Use) -> None:
        """Take another's values as conditions."""
        self.conditions |= other.values | other.conditions
        self.tables |= other.tables

    def add(self, other: _Use) -> None:
        self.values |= other.values
        self.conditions |= other.conditions
        self.tables |= other.tables


@dataclass(frozen=True)
class _Scope:
    """What a name may mean in one query: its sources, the CTEs in reach, its own projections, the scope around it."""

    sources: dict[str, Lineage]
    ctes: Mapping[str, Lineage]
    outer: _Scope | None = None
    windows: dict[str, exp.Expr] = field(default_factory=dict)
    aliases: dict[str, exp.Expr] = field(default_factory=dict)


_SELECT_CLAUSES = {
    "with_", "expressions", "distinct", "from_", "joins", "laterals", "where", "group", "having", "qualify", "windows",
    "order", "limit", "offset",
}  # fmt: skip
_SET_CLAUSES = {"with_", "this", "expression", "distinct", "order", "limit", "offset"}


def trace(tree: exp.Query, catalogue: Catalogue, where: str) -> Lineage:
    """Lineage of a qualified query down to the tables that it names.

    Raises UsageError, beginning with `where`, for a clause that cannot be followed.
    """
    return _Tracer(catalogue, where).query(tree, {}, None)


class _Tracer:
    def __init__(self, catalogue: Catalogue, where: str) -> None:
        self._catalogue = catalogue
        self._where = where

    def query(self, node: exp.Expr, ctes: Mapping[str, Lineage], outer: _Scope | None) -> Lineage:
        """Lineage of a SELECT, a set operation or either in brackets, given the CTEs and the row around it."""
        ctes = dict(ctes)
        with_ = node.args.get("with_")
        if with_ is not None:
            if with_.args.get("recursive"):
                raise self._cannot("a recursive CTE")
            for cte in with_.expressions:
                ctes[cte.alias] = _renamed(self.query(cte.this, ctes, outer), cte.args["alias"])
        match node:
            case exp.Subquery():
                return self._bracket(node, ctes, outer)
            case exp.SetOperation():
                return self._set(node, ctes, outer)
            case exp.Select():
                return self._select(node, ctes, outer)
        raise self._cannot(f"a query of the form {node.key}")

    def _bracket(self, node: exp.Subquery, ctes: Mapping[str, Lineage], outer: _Scope | None) -> Lineage:
        self._only(node, {"with_", "this", "alias", "order", "limit", "offset"})
        inner = self.query(node.this, ctes, outer)
        return self._ordered(node, inner, ctes, outer)

    def _set(self, node: exp.SetOperation, ctes: Mapping[str, Lineage], outer: _Scope | None) -> Lineage:
        self._only(node, _SET_CLAUSES)
        left, right = self.query(node.left, ctes, outer), self.query(node.right, ctes, outer)
        names = list(left.columns)
        pairs = zip(names, left.columns.values(), right.columns.values(), strict=True)
        columns = {name: one | other for name, one, other in pairs}
        conditions = left.conditions | right.conditions
        if not (isinstance(node, exp.Union) and not node.args.get("distinct")):
            # Whether a row stays depends on every column of both sides.
            conditions = conditions.union(*columns.values())
        return self._ordered(node, Lineage(columns, conditions, left.tables | right.tables), ctes, outer)

    def _ordered(self, node: exp.Expr, inner: Lineage, ctes: Mapping[str, Lineage], outer: _Scope | None) -> Lineage:
        scope = _Scope({"": inner}, ctes, outer)
        use = _Use(tables=set(inner.tables), conditions=set(inner.conditions))
        for clause in ("order", "limit", "offset"):
            if node.args.get(clause) is not None:
                use.decide(self._expression(node.args[clause], scope))
        return Lineage(inner.columns, frozenset(use.conditions), frozenset(use.tables))

    def _select(self, node: exp.Select, ctes: Mapping[str, Lineage], outer: _Scope | None) -> Lineage:
        self._only(node, _SELECT_CLAUSES)
        windows = {window.name: window for window in node.args.get("windows") or []}
        aliases = {column.alias_or_name: column.unalias() for column in node.selects}
        scope = _Scope({}, ctes, outer, windows, aliases)
        use = _Use()
        joined = [node.args["from_"].this] if node.args.get("from_") else []
        joins = list(node.args.get("joins") or [])
        for source in [*joined, *(join.this for join in joins), *(node.args.get("laterals") or [])]:
            use.decide(self._source(source, scope))
        for join in joins:
            self._only(join, {"this", "on", "side", "kind"})
            if join.args.get("on") is not None:
                use.decide(self._expression(join.args["on"], scope))
        for clause in ("where", "group", "having", "qualify", "order", "limit", "offset", "distinct"):
            if node.args.get(clause) is not None:
                use.decide(self._clause(clause, node, scope))
        for window in windows.values():
            use.decide(self._expression(window, scope))
        columns = {}
        for column in node.selects:
            value = self._expression(column.unalias(), scope)
            columns[column.alias_or_name] = frozenset(value.values)
            use.conditions |= value.conditions
            use.tables |= value.tables
        return Lineage(columns, frozenset(use.conditions), frozenset(use.tables))

    def _clause(self, clause: str, node: exp.Select, scope: _Scope) -> _Use:
        tree = node.args[clause]
        use = self._expression(tree, scope)
        whole_row = clause == "distinct" and tree.args.get("on") is None
        if whole_row or (clause == "group" and tree.args.get("all")):
            for column in node.selects:
                if whole_row or column.find(exp.AggFunc) is None:
                    use.add(self._expression(column.unalias(), scope))
        if clause in ("group", "order"):
            for position in _positions(tree):
                use.add(self._expression(node.selects[position - 1].unalias(), scope))
        return use

    def _source(self, node: exp.Expr, scope: _Scope) -> _Use:
        """Put a source into the scope; what reading it decides by is returned."""
        match node:
            case exp.Table() if isinstance(node.this, exp.Identifier) and not node.args.get("db"):
                self._only(node, {"this", "alias"})
                found = scope.ctes.get(node.name) or self._stored(node.name)
            case exp.Subquery():
                found = self.query(node, scope.ctes, scope.outer)
            case exp.Lateral(this=exp.Subquery()):
                found = self.query(node.this, scope.ctes, scope)
            case exp.Unnest() | exp.Lateral():
                taken = self._expression(node, scope)
                names = [name.name for name in node.args["alias"].columns] or [node.alias]
                # How many rows there are depends on the list.
                decided = frozenset(taken.values | taken.conditions)
                found = Lineage(dict.fromkeys(names, frozenset(taken.values)), decided)
            case exp.Values():
                names = [name.name for name in node.args["alias"].columns]
                found = Lineage(dict.fromkeys(names, _NONE))
            case _:
                raise self._cannot(f"a source of the form {node.key}: read tables, CTEs, subqueries or unnest")
        alias = node.args.get("alias")
        scope.sources[node.alias_or_name] = _renamed(found, alias) if alias is not None else found
        return _Use(conditions=set(found.conditions), tables=set(found.tables))

    def _stored(self, table: str) -> Lineage:
        columns = {name: frozenset({ColumnRef(table, name)}) for name in self._catalogue.columns(table)}
        return Lineage(columns, tables=frozenset({table}))

    def _expression(self, node: exp.Expr, scope: _Scope) -> _Use:
        """What an expression takes. Conditions inside a projected value bear on the value too, hence are in both."""
        use = _Use()
        if isinstance(node, exp.Column):
            use.values |= self._column(node, scope)
        elif isinstance(node, exp.Query):
            inner = self.query(node, scope.ctes, scope)
            decided = inner.conditions.union(*inner.columns.values())
            use.values |= decided
            use.conditions |= decided
            use.tables |= inner.tables
        else:
            for child in node.iter_expressions():
                use.add(self._expression(child, scope))
            if isinstance(node, exp.Window):
                use.add(self._window(node, scope))
        return use

    def _window(self, node: exp.Window, scope: _Scope) -> _Use:
        parts: list[exp.Expr] = [*(node.args.get("partition_by") or [])]
        if node.args.get("order") is not None:
            parts.append(node.args["order"])
        use = _Use()
        named = scope.windows.get(node.alias)
        if named is not None and named is not node:
            use.add(self._expression(named, scope))
        for part in parts:
            use.decide(self._expression(part, scope))
        return use

    def _column(self, node: exp.Column, scope: _Scope) -> Refs:
        table, name = node.table, node.name
        level: _Scope | None = scope
        while level is not None:
            if not table and name in level.aliases:
                # Only order by and qualify see the query's own columns; they were traced once under their own names.
                own = level.aliases[name]
                if own is not node and not any(part is node for part in own.find_all(exp.Column)):
                    return frozenset(self._expression(own, level).values)
            candidates = [level.sources[table]] if table in level.sources else []
            candidates += list(level.sources.values()) if not table else []
            for source in candidates:
                if name in source.columns:
                    return source.columns[name]
            level = level.outer
        raise self._cannot(f"the column {node.sql('duckdb')}")

    def _only(self, node: exp.Expr, known: set[str]) -> None:
        for clause, value in node.args.items():
            if value and clause not in known:
                raise self._cannot(f"the clause {clause.strip('_')} of {node.key}")

    def _cannot(self, what: str) -> UsageError:
        return UsageError(f"{self._where}: lineage cannot follow {what}: write it another way")


def _renamed(found: Lineage, alias: exp.Expr) -> Lineage:
    """A source under the column names that its alias gives, `t(a, b)`."""
    names = [name.name for name in alias.args.get("columns") or []]
    if not names:
        return found
    rest = list(found.columns)[len(names) :]
    columns = dict(zip([*names, *rest], found.columns.values(), strict=True))
    return Lineage(columns, found.conditions, found.tables)


def _positions(clause: exp.Expr) -> Iterator[int]:
    for item in clause.expressions:
        value = item.this if isinstance(item, exp.Ordered) else item
        if isinstance(value, exp.Literal) and value.is_int:
            yield int(value.name)
