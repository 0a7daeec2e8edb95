"""What the engines answer differently does not load; the refusal says what to write in its place."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.sql import Project

EVENTS = "from accepted_viewing_events"

REFUSED = {
    # an expression over one row or group of events, and a word of what to do
    "approx_quantile(watched_seconds, 0.5e0)": "median",
    "quantile_cont(watched_seconds, 0.5e0)": "median",
    "percentile_cont(0.5e0) within group (order by watched_seconds)": "median",
    "mode(country)": "median",
    "hash(title_id)": "md5",
    "date_diff('hour', started_at, started_at)": "cast both to date",
    "date_diff('month', arrival_day, arrival_day)": "cast both to date",
    "date_diff('day', started_at, arrival_day)": "cast both to date",
    "dayofweek(arrival_day)": "0 on Mondays",
    "isodow(arrival_day)": "0 on Mondays",
    "dayname(arrival_day)": "0 on Mondays",
    "extract(dow from arrival_day)": "0 on Mondays",
    "extract(second from started_at)": "only to the minute",
    "log(watched_seconds)": "ln(x) / ln(10)",
    "log2(watched_seconds)": "ln(x) / ln(10)",
    "ln(watched_seconds)": "nullif(greatest(x, 0), 0)",
    "substr(country, 0, 2)": "begin at 1",
    "substr(country, -2, 2)": "begin at 1",
    "length(list_sort(array_agg(title_id)))": "array_length",
    "time_bucket(interval '1 hour', started_at)": "date_trunc",
    "random()": "pass a time as $as_of",
    "uuid()": "pass a time as $as_of",
    "now()": "pass a time as $as_of",
    "current_timestamp": "pass a time as $as_of",
    "today()": "pass a time as $as_of",
    "any_value(country)": "arg_max",
    "first(country)": "arg_max",
    "approx_count_distinct(country)": "count(distinct x)",
    "corr(watched_seconds, watched_seconds)": "sums",
    "list(title_id)": "list_sort",
    "array_agg(title_id order by started_at)": "drops the order in silence",
    "list_distinct(string_split(country, ','))": "list_sort",
    "string_agg(title_id, ',')": "order by x",
    "map {'a': 1}": "use columns",
    "{'a': watched_seconds}": "use columns",
    "cast(2.5e0 as integer)": "round",
    "cast(watched_seconds / 7e0 as bigint)": "round",
    "cast(country as integer)": "regexp_matches",
    "try_cast(country as double)": "regexp_matches",
    "cast(watched_seconds / 7e0 as varchar)": "keep the number",
    "cast(watched_seconds as decimal(9, 2))": "use double",
    "cast(started_at as timestamptz)": "UTC",
    "started_at at time zone 'UTC'": "naive",
    "watched_seconds * 0.1": "2.5e0",
    "watched_seconds / length(country)": "nullif",
    "watched_seconds // 0": "nullif",
    "watched_seconds % watched_seconds": "nullif",
    "arrival_day + interval '1' day": "cast the sum",
    "arrival_day - arrival_day": "date_diff",
    "started_at - started_at": "date_diff",
    "started_at + interval (watched_seconds) day": "n * interval",
    "started_at + 3 * interval '1' second + 2 * interval '1' hour": "n * interval",
    "strftime(started_at, '%A')": "%Y %m %d",
    "strftime(started_at, '%Y-%m-%dT%H')": "%Y %m %d",
    "regexp_replace(country, 'a', 'b')": "give 'g'",
    r"regexp_replace(country, '(a)', '\1\1', 'g')": "no group",
    "country like title_id": "literals",
    r"country like '%\%'": "backslash",
    "country ilike 'a'": "lower",
    "string_split(country, ',')[watched_seconds]": "literal from 1 on",
    "row_number() over (partition by country)": "unique",
    "list_sort(array_agg(title_id) over (partition by country))": "aggregate and join",
    "soundex(country)": "no test has seen it",
}

REFUSED_QUERIES = {
    f"select * {EVENTS}": "name the columns",
    f"select title_id {EVENTS} limit 3": "total order",
    f"select distinct on (country) country, title_id {EVENTS}": "total order",
    f"select title_id {EVENTS} using sample 10%": "the wall clock and chance",
    f"select e.title_id {EVENTS} e natural join accepted_titles": "named columns",
    f"select e.title_id {EVENTS} e positional join accepted_titles t": "named columns",
    f"select title_id {EVENTS} union all by name select title_id from accepted_titles": "one order of columns",
    "select t.title_id, g from accepted_titles t left join unnest(t.genres) as u(g) on true": "empty lists",
    f"with a as materialized (select title_id {EVENTS}) select title_id from a": "materialized",
    "select n from generate_series(1, 3) as s(n)": "table of numbers",
}


@pytest.mark.parametrize(("expression", "instead"), REFUSED.items(), ids=list(REFUSED))
def test_an_expression_that_differs_is_refused(project: Callable[..., Project], expression: str, instead: str) -> None:
    with pytest.raises(UsageError, match=rf"marts/view\.sql: .*{re.escape(instead)}"):
        _ = project({"view": f"select {expression} as v {EVENTS}"})


@pytest.mark.parametrize(("text", "instead"), REFUSED_QUERIES.items(), ids=list(REFUSED_QUERIES))
def test_a_query_that_differs_is_refused(project: Callable[..., Project], text: str, instead: str) -> None:
    with pytest.raises(UsageError, match=rf"marts/view\.sql: .*{re.escape(instead)}"):
        project({"view": text})


def test_lower_and_upper_fold_ascii_alone(project: Callable[..., Project]) -> None:
    text = project({"view": f"select lower(trim(upper(country))) as v {EVENTS}"}).render("view")
    assert "LOWER" not in text
    assert text.count("TRANSLATE") == 2
