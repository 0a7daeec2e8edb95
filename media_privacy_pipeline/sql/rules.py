"""House rules: what models may not say, because DuckDB and Spark answer it differently, in silence or not at all.

A function is refused until a test has seen it give the same on both (functions.py). `RULES` refuses what is otherwise
allowed in a form that differs, and says what to write in its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlglot import exp

from ..errors import UsageError
from .functions import CLOCK, FOLD, INSTEAD, SAFE, WEEKDAY
from .model import Model

Kinds = tuple[type[exp.Expr], ...]


@dataclass(frozen=True)
class Rule:
    """A form that models may not use: the nodes it is about, when one breaks it, and what to write in its place."""

    kinds: Kinds
    broken: Callable[[exp.Expr], bool]
    instead: str


def check_rules(model: Model, tree: exp.Query) -> None:
    """Hold a qualified and typed model to the house rules.

    Raises UsageError that names the file, the words that break a rule, and what to write in their place.
    """
    for star in _final_stars(model.tree):
        raise UsageError(f"{model.path}: {_words(star)}: name the columns that the model gives")
    for join in model.tree.find_all(exp.Join):
        if join.args.get("method") or join.text("kind").upper() == "POSITIONAL":
            raise UsageError(f"{model.path}: {_words(join)}: join on named columns, and not by place, time or nature")
    for node in tree.walk():
        if isinstance(node, exp.Func) and not isinstance(node, SAFE):
            name = node.name.lower() if isinstance(node, exp.Anonymous) else node.sql_name().lower()
            instead = INSTEAD.get(name, "no test has seen it give the same on both engines: write it another way")
            raise UsageError(f"{model.path}: {_words(node)}: {instead}")
        for rule in _about(type(node)):
            if rule.broken(node):
                raise UsageError(f"{model.path}: {_words(node)}: {rule.instead}")


def _words(node: exp.Expr) -> str:
    text = " ".join(node.sql("duckdb").split())
    return text if len(text) <= 80 else f"{text[:77]}..."


def _final_stars(tree: exp.Query) -> Iterator[exp.Expr]:
    if isinstance(tree, exp.SetOperation):
        yield from _final_stars(tree.left)
        yield from _final_stars(tree.right)
    elif isinstance(tree, exp.Subquery):
        yield from _final_stars(tree.this)
    else:
        yield from (column for column in tree.selects if column.is_star)


_Type = exp.DType
_FLOATS = frozenset({_Type.DOUBLE, _Type.FLOAT, _Type.DECIMAL})
_WHOLE = frozenset({_Type.TINYINT, _Type.SMALLINT, _Type.INT, _Type.BIGINT, _Type.INT128})
_TEXT = frozenset({_Type.TEXT, _Type.VARCHAR})
_DATE = frozenset({_Type.DATE})
_TIMES = frozenset({_Type.DATE, _Type.TIMESTAMP, _Type.TIMESTAMPNTZ})
_INTERVAL = frozenset({_Type.INTERVAL})
_FOREIGN = frozenset({_Type.DECIMAL, _Type.TIMESTAMPTZ, _Type.TIMETZ, _Type.JSON, _Type.STRUCT, _Type.MAP})


def _is(node: exp.Expr | None, types: frozenset[exp.DType]) -> bool:
    return node is not None and node.type is not None and node.type.this in types


def _rounds_in_silence(node: exp.Expr) -> bool:
    return _is(node, _WHOLE) and _is(node.this, _FLOATS) and not isinstance(node.this, exp.Round | exp.Floor | exp.Ceil)


def _reads_number(node: exp.Expr) -> bool:
    if not (_is(node, _WHOLE | _FLOATS) and _is(node.this, _TEXT)) or isinstance(node.this, exp.Literal):
        return False
    around = node.find_ancestor(exp.Case)
    return around is None or around.find(exp.RegexpLike) is None


def _may_be_zero(node: exp.Expr) -> bool:
    by = node.args["expression"].unnest()
    while isinstance(by, exp.Cast):
        by = by.this.unnest()
    if isinstance(by, exp.Literal):
        return float(by.name) == 0
    if isinstance(by, exp.Ln):
        return not isinstance(by.this, exp.Literal)
    return not isinstance(by, exp.Nullif | exp.Placeholder | exp.Parameter | exp.Greatest)


def _may_not_be_positive(node: exp.Expr) -> bool:
    of = node.this.unnest()
    return not (
        isinstance(of, exp.Nullif | exp.Literal | exp.Greatest) or (isinstance(of, exp.Add) and of.this.is_number)
    )


def _is_date_sum(node: exp.Expr) -> bool:
    sides = (node.args["this"], node.args["expression"])
    with_interval = any(_is(side, _INTERVAL) or side.find(exp.Interval) for side in sides)
    return with_interval and any(_is(side, _DATE) for side in sides) and not isinstance(node.parent, exp.Cast)


def _is_difference_of_times(node: exp.Expr) -> bool:
    return _is(node.args["this"], _TIMES) and _is(node.args["expression"], _TIMES)


def _is_day(node: exp.Expr) -> bool:
    return _is(node, _DATE) or isinstance(node, exp.Placeholder | exp.Parameter)


def _replaces_alike(node: exp.Expr) -> bool:
    pattern = node.text("expression")
    return "g" in node.text("modifiers") or pattern.startswith("^") or pattern.endswith("$")


def _is_unordered(node: exp.Expr) -> bool:
    return node.parent is not None and node.parent.args.get("order") is None


def _is_loose_list(node: exp.Expr) -> bool:
    """Whether the order of a list's members can be seen: it must be sorted, or only counted."""
    around = node.parent
    while isinstance(around, exp.Filter | exp.ArrayDistinct):
        around = around.parent
    return not isinstance(around, exp.ArraySort | exp.ArraySize)


_ORDERED = (exp.RowNumber, exp.Ntile, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue, exp.Rank, exp.DenseRank)
_UNITS = {"year", "quarter", "month", "week", "day", "doy", "hour", "minute"}
_FORMAT = re.compile(r"(%[YmdHMS]|[-/:. _])*")

RULES: tuple[Rule, ...] = (
    Rule(
        (exp.DateDiff,),
        lambda n: n.text("unit").lower() != "day" or not all(_is_day(n.args[side]) for side in ("this", "expression")),
        "the engines count hours, months and times differently: cast both to date and use date_diff('day', a, b)",
    ),
    Rule((exp.Extract,), lambda n: n.name.lower() not in _UNITS, f"{WEEKDAY}; of times, extract only to the minute"),
    Rule(
        (exp.Substring,),
        lambda n: n.args["start"].is_number and int(n.args["start"].to_py()) < 1,
        "the engines count differently from 0 and below: begin at 1, or use right",
    ),
    Rule((exp.Ln,), _may_not_be_positive, "ln(0) is -inf or null: write ln(nullif(greatest(x, 0), 0)) or ln(1 + x)"),
    Rule(
        (exp.Length,),
        lambda n: not _is(n.this, _TEXT | {_Type.UNKNOWN}),
        "length of text only: for lists use array_length",
    ),
    Rule(
        (exp.RegexpReplace,),
        lambda n: not _replaces_alike(n) or re.search(r"[\\$]", n.text("replacement")) is not None,
        "the engines replace once or everywhere, and write groups differently: give 'g', or anchor the pattern by ^ "
        "or $, and refer to no group",
    ),
    Rule(
        (exp.Like,),
        lambda n: not isinstance(n.expression, exp.Literal) or "\\" in n.expression.name,
        "patterns are literals without a backslash, which only one engine takes for an escape",
    ),
    Rule((exp.ILike, exp.Glob, exp.SimilarTo), lambda _: True, f"use like or regexp_matches; {FOLD}"),
    Rule((exp.Cast, exp.TryCast), _rounds_in_silence, "the engines round or cut: write cast(round(x) as ...) or floor"),
    Rule(
        (exp.Cast, exp.TryCast),
        _reads_number,
        "the engines read different texts as numbers: write case when regexp_matches(x, '^-?[0-9]{1,18}$') "
        "then cast(x as bigint) end",
    ),
    Rule(
        (exp.Cast, exp.TryCast),
        lambda n: _is(n, _TEXT) and _is(n.this, _FLOATS),
        "the engines write fractions differently: keep the number",
    ),
    Rule(
        (exp.Cast, exp.TryCast),
        lambda n: _is(n, _FOREIGN),
        "decimals divide differently and times carry no zone here: use double, bigint, or timestamp in UTC",
    ),
    Rule((exp.AtTimeZone,), lambda _: True, "all times are naive and in UTC"),
    Rule(
        (exp.Literal,),
        lambda n: not n.is_string and "." in n.name and "e" not in n.name.lower(),
        "a decimal, and decimals divide differently: write it with an exponent, 2.5e0",
    ),
    Rule((exp.Div, exp.IntDiv, exp.Mod), _may_be_zero, "Spark fails on a zero: divide by nullif(x, 0)"),
    Rule((exp.IntDiv,), lambda n: any(_is(n.args[s], _FLOATS) for s in ("this", "expression")), "// is for integers"),
    Rule((exp.Add, exp.Sub), _is_date_sum, "a date and an interval make a timestamp or a date: cast the sum"),
    Rule((exp.Sub,), _is_difference_of_times, "the engines give days or an interval: use date_diff('day', a, b)"),
    Rule(
        (exp.Interval,),
        lambda n: not isinstance(n.this, exp.Literal | exp.Placeholder | exp.Parameter),
        "Spark reads no computed interval: write n * interval '1' day",
    ),
    Rule(
        (exp.TimeToStr,),
        lambda n: not isinstance(n.args["format"], exp.Literal) or not _FORMAT.fullmatch(n.text("format")),
        "the engines share %Y %m %d %H %M %S with - / : . _ or a blank between, and nothing else",
    ),
    Rule((exp.Bracket,), lambda n: not _is_index(n), "use an index that is a literal from 1 on: l[1]"),
    Rule((exp.ArrayAgg,), lambda n: n.find(exp.Order) is not None, "Spark drops the order in silence: use list_sort"),
    Rule((exp.ArrayAgg, exp.ArrayDistinct), _is_loose_list, "the order of the list is chance: put list_sort around it"),
    Rule((exp.GroupConcat,), lambda n: n.find(exp.Order) is None, "the order is chance: string_agg(x, ',' order by x)"),
    Rule(
        (exp.Window,),
        lambda n: isinstance(n.this, exp.ArrayAgg | exp.ArgMax | exp.ArgMin | exp.GroupConcat),
        "Spark has no such window: aggregate and join",
    ),
    Rule(
        (exp.Window,),
        lambda n: isinstance(n.this, _ORDERED) and n.args.get("order") is None and not n.alias,
        "without an order the engines number the rows as they come: order by a key that is unique",
    ),
    Rule((exp.Limit,), _is_unordered, "without an order the rows are chance: add a total order"),
    Rule(
        (exp.Distinct,),
        lambda n: n.args.get("on") is not None and _is_unordered(n),
        "without an order distinct on keeps any row: add a total order",
    ),
    Rule((exp.TableSample,), lambda _: True, CLOCK),
    Rule(
        (exp.Join,),
        lambda n: isinstance(n.this, exp.Unnest) and n.text("side").upper() in ("LEFT", "RIGHT", "FULL"),
        "Spark drops the rows of empty lists: keep them apart with a union",
    ),
    Rule((exp.SetOperation,), lambda n: bool(n.args.get("by_name")), "Spark goes by place: keep one order of columns"),
    Rule((exp.CTE,), lambda n: n.args.get("materialized") is not None, "Spark knows no materialized"),
)  # fmt: skip


_BY_KIND: dict[type[exp.Expr], tuple[Rule, ...]] = {}


def _about(kind: type[exp.Expr]) -> tuple[Rule, ...]:
    if kind not in _BY_KIND:
        _BY_KIND[kind] = tuple(rule for rule in RULES if issubclass(kind, rule.kinds))
    return _BY_KIND[kind]


def _is_index(node: exp.Expr) -> bool:
    return len(node.expressions) == 1 and isinstance(node.expressions[0], exp.Literal) and node.expressions[0].is_int
