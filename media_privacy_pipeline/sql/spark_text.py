"""The Spark text of a query in DuckDB's dialect.

sqlglot changes the words. What it leaves to differ in silence is put right here, where the query itself can carry the
repair; what no repair reaches is forbidden in rules.py. Each repair was found by running both engines on the same rows
(tests/sql/test_same_on_both_engines.py).
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from ..errors import UsageError
from .model import parse

_COUNTED: tuple[type[exp.Expr], ...] = (
    exp.Length, exp.ArraySize, exp.StrPosition, exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Day, exp.Hour,
    exp.Minute, exp.DayOfYear, exp.WeekOfYear,
)  # fmt: skip
_RANKS = (exp.RowNumber, exp.Rank, exp.DenseRank, exp.Ntile)
_PICKS = (exp.ArgMax, exp.ArgMin)


def to_spark(sql: str) -> str:
    """Spark's text of one DuckDB query. Raises UsageError where it is not SQL or where Spark has no word for it."""
    tree = parse(sql, "query")
    # Leaves first, so that what is put around a node is not repaired again.
    for node in reversed(list(tree.walk())):
        for kinds, repair in _REPAIRS:
            if isinstance(node, kinds):
                repaired = repair(node)
                if repaired is not node:
                    node.replace(repaired)
                break
    try:
        return tree.sql(dialect="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.UnsupportedError as error:
        raise UsageError(f"Spark has no word for this: {error}") from None


def _as_bigint(node: exp.Expr) -> exp.Expr:
    """Lengths, positions and parts of dates are BIGINT in DuckDB and INT in Spark."""
    return exp.cast(node.copy(), "bigint", dialect="duckdb")


def _ranked(node: exp.Expr) -> exp.Expr:
    return _as_bigint(node) if isinstance(node.this, _RANKS) else node


def _as_timestamp(node: exp.Expr) -> exp.Expr:
    """DuckDB's date_trunc and make_timestamp are naive; Spark's carry a zone."""
    return exp.cast(node.copy(), "timestamp", dialect="duckdb")


def _picked(node: exp.Expr) -> exp.Expr:
    """DuckDB's arg_max passes over rows whose value is null; Spark's max_by does not."""
    if isinstance(node.parent, exp.Filter):
        return node
    return exp.Filter(this=node.copy(), expression=exp.Where(this=_known(node.this)))


def _filtered(node: exp.Expr) -> exp.Expr:
    if not isinstance(node.this, _PICKS):
        return _gathered(node)
    condition = exp.and_(node.expression.this.copy(), _known(node.this.this))
    return exp.Filter(this=node.this.copy(), expression=exp.Where(this=condition))


def _gathered(node: exp.Expr) -> exp.Expr:
    """DuckDB's array_agg keeps nulls; Spark's drops them, but not the rows that hold them."""
    if isinstance(node.this, exp.ArrayAgg):
        return _unpacked(exp.Filter(this=_packed(node.this), expression=node.expression.copy()))
    if isinstance(node, exp.ArrayAgg) and not isinstance(node.parent, exp.Filter):
        return _unpacked(_packed(node))
    return node


def _packed(node: exp.Expr) -> exp.Expr:
    distinct = isinstance(node.this, exp.Distinct)
    value = node.this.expressions[0] if distinct else node.this
    row: exp.Expr = exp.Struct(expressions=[exp.PropertyEQ(this=exp.to_identifier("v"), expression=value.copy())])
    return exp.ArrayAgg(this=exp.Distinct(expressions=[row]) if distinct else row)


def _unpacked(rows: exp.Expr) -> exp.Expr:
    member = exp.Lambda(
        this=exp.Dot.build([exp.to_identifier("e"), exp.to_identifier("v")]), expressions=[exp.to_identifier("e")]
    )
    return exp.Transform(this=rows, expression=member)


def _contains(node: exp.Expr) -> exp.Expr:
    """Spark answers null where a list without the value holds a null; DuckDB answers no."""
    answer = exp.Coalesce(this=node.copy(), expressions=[exp.false()])
    both = exp.and_(_known(node.this), _known(node.args["expression"]))
    return exp.Case(ifs=[exp.If(this=both, true=answer)])


def _distinct(node: exp.Expr) -> exp.Expr:
    """DuckDB's list_distinct leaves nulls out."""
    return exp.ArrayDistinct(this=exp.Anonymous(this="array_compact", expressions=[node.this.copy()]))


def _element(node: exp.Expr) -> exp.Expr:
    """An index past the end is null in DuckDB and an error in Spark. The tree counts from 0."""
    index = node.expressions[0]
    if len(node.expressions) != 1 or not isinstance(index, exp.Literal):
        return node
    position = exp.Literal.number(int(index.name) + 1)
    return exp.Anonymous(this="try_element_at", expressions=[node.this.copy(), position])


def _known(value: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


_REPAIRS: tuple[tuple[tuple[type[exp.Expr], ...], Callable[[exp.Expr], exp.Expr]], ...] = (
    (_COUNTED, _as_bigint),
    ((exp.Window,), _ranked),
    ((exp.TimestampTrunc, exp.DateTrunc, exp.UnixToTime), _as_timestamp),
    (_PICKS, _picked),
    ((exp.ArrayAgg,), _gathered),
    ((exp.Filter,), _filtered),
    ((exp.ArrayContains,), _contains),
    ((exp.ArrayDistinct,), _distinct),
    ((exp.Bracket,), _element),
)
