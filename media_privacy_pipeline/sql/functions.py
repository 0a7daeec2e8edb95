"""Functions that models may call: those that a test has seen give the same on DuckDB and on Spark.

Every name in `SAFE` is tried in tests/sql/test_same_on_both_engines.py, over values at every edge. `INSTEAD` says what
to write in place of the others that people reach for.
"""

from __future__ import annotations

from sqlglot import exp

SAFE: tuple[type[exp.Expr], ...] = (
    # of values
    exp.Abs, exp.And, exp.Case, exp.Cast, exp.Ceil, exp.Coalesce, exp.Exp, exp.Floor, exp.Greatest, exp.If, exp.Least,
    exp.Ln, exp.Nullif, exp.Or, exp.Pow, exp.Round, exp.Sqrt, exp.TryCast,
    # of text
    exp.Chr, exp.Concat, exp.ConcatWs, exp.Contains, exp.EndsWith, exp.Left, exp.Length, exp.MD5, exp.Pad,
    exp.RegexpExtract, exp.RegexpLike, exp.RegexpReplace, exp.Repeat, exp.Replace, exp.Reverse, exp.Right, exp.SHA2,
    exp.Split, exp.SplitPart, exp.StartsWith, exp.StrPosition, exp.Substring, exp.Translate, exp.Trim,
    # of time
    exp.DateDiff, exp.DateFromParts, exp.Day, exp.DayOfYear, exp.Extract, exp.Hour, exp.LastDay,
    exp.Minute, exp.Month, exp.Quarter, exp.TimestampTrunc, exp.TimeToStr, exp.UnixToTime, exp.WeekOfYear, exp.Year,
    # of lists
    exp.Array, exp.ArrayContains, exp.ArrayDistinct, exp.ArrayFilter, exp.ArraySize, exp.ArraySort, exp.ArrayToString,
    exp.Explode, exp.Transform, exp.Unnest,
    # of rows
    exp.ArgMax, exp.ArgMin, exp.ArrayAgg, exp.Avg, exp.Count, exp.CountIf, exp.Exists, exp.Grouping, exp.GroupConcat,
    exp.LogicalAnd, exp.LogicalOr, exp.Max, exp.Median, exp.Min, exp.Stddev, exp.StddevPop, exp.Sum, exp.Variance,
    exp.CumeDist, exp.DenseRank, exp.FirstValue, exp.Lag, exp.LastValue, exp.Lead, exp.Ntile, exp.PercentRank,
    exp.Rank, exp.RowNumber,
)  # fmt: skip
"""Functions that a test has seen give the same on both engines."""

CLOCK = "the wall clock and chance decide nothing here: pass a time as $as_of, sample by substr(md5(id), 1, 2)"
WEEKDAY = "days of the week are numbered differently: write date_diff('day', date '1970-01-05', d) % 7, 0 on Mondays"
_QUANTILE = "the engines interpolate differently: use median, or number the rows in a total order"
FOLD = "letters beyond ASCII fold differently: compare lower(x), which the loader makes fold A to Z alone"
_LOG = "log means base 10 in one engine and e in the other: write ln(x) / ln(10)"
_PICK = "it takes any row: use max, min, or arg_max over a total order"
_MAP = "maps, structs and JSON differ in form: use columns"
_SERIES = "the engines make series of different forms: join a table of numbers or days"

INSTEAD: dict[str, str] = {
    **dict.fromkeys(("quantile", "quantile_cont", "quantile_disc", "approx_quantile"), _QUANTILE),
    **dict.fromkeys(("percentile_cont", "percentile_disc", "mode"), _QUANTILE),
    **dict.fromkeys(("random", "rand", "uuid", "gen_random_uuid", "now", "today", "get_current_timestamp"), CLOCK),
    **dict.fromkeys(("current_timestamp", "current_date", "current_time", "localtimestamp"), CLOCK),
    **dict.fromkeys(("day_of_week", "dayofweek", "dayofweek_iso", "isodow", "weekday", "dayname"), WEEKDAY),
    "initcap": FOLD,
    **dict.fromkeys(("first", "last", "any_value", "ignore_nulls"), _PICK),
    **dict.fromkeys(("map", "to_map", "struct", "json_extract", "json_extract_scalar", "parse_json"), _MAP),
    "log": _LOG,
    "approx_distinct": "an estimate: write count(distinct x)",
    "hash": "each engine hashes in its own way: write md5(x)",
    "generate_series": _SERIES,
    "date_bin": "Spark has no time_bucket: use date_trunc",
    "corr": "the engines differ from the tenth digit on: write it out with sums",
    "list_extract": "write l[1]",
    "array_concat": "a null list is empty in one engine and makes all null in the other",
}
"""What to write in place of a function that is not safe, by sqlglot's name of it or, where it has none, its own."""
