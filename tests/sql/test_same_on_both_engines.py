"""What the rules call safe gives the same rows and types on both engines, over values at every edge."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.sql import functions
from media_privacy_pipeline.sql.model import parse

WORDS = ["", "a", "A", "ß", "İ", "ab,c", " a b ", "10", "-3", "2.5", "x'y", "é", "😀z", "ﬁ", "a\\b", "a.b", "aba", None]
WHOLE = [0, 1, -1, 7, 2**31 - 1, -(2**31), 5, None]
PARTS = [0.0, -0.0, 1.5, 2.5, -2.5, 1 / 3, -7.25, None]
TIMES = [
    datetime(1970, 1, 1), datetime(2024, 2, 29, 23, 59, 59, 999_999), datetime(2023, 12, 31, 23), None,
    datetime(1969, 12, 31, 23, 59, 59, 1), datetime(2024, 3, 31, 2, 30), datetime(2020, 12, 28, 5, 5, 5),
]  # fmt: skip
LISTS = [["a", "b"], [], None, ["a", None, "a"], ["z", "a"]]


def cycle(values: list[Any], shift: int = 0) -> list[Any]:
    return [values[(n + shift) % len(values)] for n in range(40)]


def day(value: datetime | None) -> Any:
    return None if value is None else value.date()


T = pa.table(
    {
        "k": pa.array(range(40), pa.int32()),
        "s": pa.array(cycle(WORDS)), "r": pa.array(cycle(WORDS, 5)),
        "x": pa.array(cycle(WHOLE), pa.int32()), "y": pa.array(cycle(WHOLE, 3), pa.int32()),
        "d": pa.array(cycle(PARTS), pa.float64()),
        "ts": pa.array(cycle(TIMES), pa.timestamp("us")), "us": pa.array(cycle(TIMES, 3), pa.timestamp("us")),
        "da": pa.array(list(map(day, cycle(TIMES))), pa.date32()),
        "db": pa.array(list(map(day, cycle(TIMES, 4))), pa.date32()),
        "l": pa.array(cycle(LISTS), pa.list_(pa.string())),
        "b": pa.array(cycle([True, False, None])),
    }
)  # fmt: skip

VALUES = """
abs(x % 7) | abs(d) | b and x > 0 | b or x > 0 | not b | case x when 1 then 'a' end | if(b, 1, 2)
case when d > 1 then 'a' when b then 'b' else 'c' end | coalesce(s, r, '') | nullif(s, '') | s || r
concat(s, '-', r) | concat_ws(',', s, r) | greatest(x, y) | least(s, r) | greatest(d, 0e0) | x is distinct from y
x in (1, 2, null) | cast(floor(d) as bigint) | cast(ceil(d) as bigint) | cast(round(d) as bigint) | round(d, 1)
exp(d) | sqrt(abs(d)) | power(d, 2) | ln(1 + abs(k)) | ln(nullif(greatest(d, 0e0), 0)) | cast(x as double) / 3
x / nullif(y, 0) | cast(x // nullif(y, 0) as bigint) | x % nullif(y, 0) | cast(x as bigint) * 2 | cast(b as integer)
cast(x as varchar) | x & 3 | s < r | s = r | s like 'a%' | s like 'a.b' | s between 'a' and 'b' | trim(s) | ltrim(s)
length(s) | reverse(s) | left(s, 2) | right(s, 2) | substr(s, 1, 2) | substr(s, 2) | replace(s, 'a', 'b')
contains(s, 'a') | starts_with(s, 'a') | ends_with(s, 'b') | strpos(s, 'b') | lpad(s, 4, '0') | repeat(s, 2)
chr(65 + k) | translate(s, 'ABC', 'abc') | split_part(s, ',', 2) | split_part(s, '.', 1)
regexp_matches(s, '^[a-z]+$') | regexp_matches(s, '[0-9]') | regexp_extract(s, '([a-z])(,)', 1)
regexp_replace(s, '[^a-z0-9]+', '-', 'g') | regexp_replace(s, '^a', 'b') | md5(s) | sha256(s) | string_split(s, ',')
string_split(s, '.') | array_to_string(l, ',') | l[1] | list_sort(l) | list_contains(l, s) | list_contains(l, 'a')
array_length(l) | array_length(list_distinct(l)) | list_sort(list_distinct(l)) | list_filter(l, lambda q: q <> 'a')
list_transform(l, lambda q: q || 'x') | [s, r] | l = ['a', 'b'] | try_cast(s as date) | try_cast(s as timestamp)
try_cast(s as boolean) | cast(ts as varchar) | cast(ts as date) | cast(da as timestamp) | date_diff('day', da, db)
date_diff('day', date '1970-01-05', da) % 7 | extract(year from ts) | extract(quarter from da)
extract(month from ts) | extract(week from da) | extract(day from ts) | extract(hour from ts)
extract(minute from ts) | extract(doy from da) | year(da) | month(ts) | day(ts) | hour(ts) | quarter(da)
dayofyear(da) | weekofyear(da) | minute(ts) | last_day(da) | make_date(2024, 1, 2)
make_timestamp(cast(x as bigint) * 1000) | epoch_ms(cast(k as bigint)) | date_trunc('hour', ts)
date_trunc('day', ts) | date_trunc('week', ts) | date_trunc('month', da) | cast(date_trunc('week', da) as date)
strftime(ts, '%Y-%m-%d %H:%M:%S') | strftime(ts, '%Y-%m') | ts + interval 1 day | ts - interval '3' hour
ts + interval '1' month | ts + k * interval '1' hour | cast(da + interval 1 day as date) | cast(da + k as date)
ts < us | ts between us and us + interval 30 day | timestamp '2020-01-01 12:00:00.123456'
"""

QUERIES = """
select s, count(*) as n, count(x) as c, count(distinct x) as cd, min(d) as mi, max(r) as ma from t group by s
select b, cast(sum(x) as bigint) as v, avg(x) as w, median(x) as m, median(d) as n from t group by b
select b, stddev(x) as v, stddev_pop(x) as w, var_samp(x) as m, sum(d) as n from t group by b
select x, bool_or(b) as v, bool_and(b) as w, cast(count_if(k > 9) as bigint) as n from t group by x
select b, count(*) filter (where x > 1) as v, cast(sum(x) filter (where x > 9) as bigint) as w from t group by b
select b, arg_max(s, k) as v, arg_min(s, k) as w, arg_max(s, k) filter (where k < 30) as z from t group by b
select b, list_sort(array_agg(s)) as v, array_length(list(s)) as n from t group by b
select b, list_sort(array_agg(s) filter (where k > 3)) as v, array_length(list(distinct s)) as n from t group by b
select b, string_agg(s, ',' order by k) as v from t group by b
select b, x, count(*) as n from t group by rollup (b, x)
select b, x, count(*) as n, cast(grouping(b) as bigint) as g from t group by cube (b, x)
select b, x, count(*) as n from t group by grouping sets ((b), (x), ())
select b, x, count(*) as n from t group by all having count(*) > 1
select distinct on (x) x, k, s from t order by x nulls first, k desc
select k, row_number() over (partition by b order by x desc, k) as v, rank() over (order by x) as w from t
select k, dense_rank() over (order by x) as v, ntile(4) over (order by k) as w from t
select k, percent_rank() over (order by x) as v, cume_dist() over (order by x) as w from t
select k, lag(s) over (order by k) as v, lead(s, 2, 'z') over (order by k) as w from t
select k, first_value(s) over (partition by b order by k) as v, last_value(s ignore nulls) over (order by k) as w from t
select k, cast(sum(k) over (order by k rows between 2 preceding and current row) as bigint) as v from t
select k, count(*) over (order by ts range between interval 1 day preceding and current row) as v from t where k > 3
select k from t qualify row_number() over (partition by b order by k) <= 2
select k, x from t order by x desc, k limit 5
select k, d from t order by d, k limit 9
select a.k, c.k as ck from t a full join t c on a.s = c.r and c.x > 1
select a.k from t a semi join t c on a.x = c.y
select a.k from t a anti join t c on a.x = c.y
select a.k from t a where a.x not in (select y from t where y is not null)
select a.k, (select max(c.k) from t c where c.y = a.x) as v, exists(select 1 from t c where c.y = a.x) as w from t a
select k, unnest(l) as v from t
select t.k, v from t, unnest(t.l) as u(v)
select k from t union all select x from t
select x from t intersect select y from t
select x from t except select y from t
select v from (values (1, 'a'), (2, null)) as s(v, w) where w is null
"""


@pytest.fixture(scope="module")
def duckdb_engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return DuckDBEngine(tmp_path_factory.mktemp("duckdb"))


def values() -> list[str]:
    return [value.strip() for line in VALUES.strip().splitlines() for value in line.split(" | ")]


def comparable(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else float(f"{value:.12g}")
    return value


def answer(engine: Engine, sql: str) -> tuple[list[Any], list[Any]]:
    found = engine.fetch(sql, {"t": T})
    rows = [tuple(map(comparable, row.values())) for row in found.to_pylist()]
    kinds = [f.type.value_type if pa.types.is_list(f.type) else f.type for f in found.schema]
    return sorted(rows, key=lambda row: repr(row[0]) + repr(row)), kinds


@pytest.mark.spark
@pytest.mark.parametrize("part", range(4))
def test_values_are_the_same(part: int, duckdb_engine: Engine, spark_engine: Engine) -> None:
    tried = values()[part::4]
    sql = f"select k, {', '.join(f'{value} as v{n}' for n, value in enumerate(tried))} from t"
    (rows, kinds), (spark_rows, spark_kinds) = answer(duckdb_engine, sql), answer(spark_engine, sql)
    columns, spark_columns = list(zip(*rows, strict=True)), list(zip(*spark_rows, strict=True))
    assert [v for n, v in enumerate(tried, 1) if columns[n] != spark_columns[n] or kinds[n] != spark_kinds[n]] == []


@pytest.mark.spark
@pytest.mark.parametrize("sql", QUERIES.strip().splitlines())
def test_rows_are_the_same(sql: str, duckdb_engine: Engine, spark_engine: Engine) -> None:
    assert answer(duckdb_engine, sql) == answer(spark_engine, sql)


def test_every_function_that_is_called_safe_is_tried_here() -> None:
    texts = [*(f"select {value} from t" for value in values()), *QUERIES.strip().splitlines()]
    tried = {type(node) for text in texts for node in parse(text, "text").walk()}
    assert [kind.__name__ for kind in functions.SAFE if not any(issubclass(seen, kind) for seen in tried)] == []
