"""Lineage finds every column that a query is computed from or decides by, in whatever clause it hides."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.sql import Lineage
from media_privacy_pipeline.sql.model import Model
from media_privacy_pipeline.sql.qualify import Catalogue, type_of
from media_privacy_pipeline.sql.trace import trace

COLUMNS = ("a", "b", "c", "d")
CATALOGUE = Catalogue({table: {name: type_of("integer") for name in COLUMNS} for table in ("t", "u")})
CATALOGUE.add("lists", {"a": type_of("integer"), "xs": type_of("integer[]")})


def lineage(sql: str) -> Lineage:
    return trace(CATALOGUE.qualify(Model("m", Path("m.sql"), sql)), CATALOGUE, "m.sql")


def names(refs: frozenset[object]) -> set[str]:
    return {str(ref) for ref in refs}


@pytest.mark.parametrize(
    ("sql", "values", "conditions"),
    [
        ("select a as x from t", {"t.a"}, set()),
        ("select t.a + u.b as x from t join u using (c)", {"t.a", "u.b"}, {"t.c", "u.c"}),
        ("select case when b > 1 then a end as x from t", {"t.a", "t.b"}, set()),
        ("select sum(a) filter (where b > 1) as x from t", {"t.a", "t.b"}, set()),
        ("select max(a) as x from t where b > 1 group by c having min(d) > 1", {"t.a"}, {"t.b", "t.c", "t.d"}),
        ("select a as x from t group by all", {"t.a"}, {"t.a"}),
        ("select a as x from t group by 1", {"t.a"}, {"t.a"}),
        ("select distinct a as x from t", {"t.a"}, {"t.a"}),
        ("select distinct on (b) a as x from t order by b, c", {"t.a"}, {"t.b", "t.c"}),
        ("select a as x from t order by b limit 3", {"t.a"}, {"t.b"}),
        ("select a as x from t order by x limit 3", {"t.a"}, {"t.a"}),
        ("select sum(a) over (partition by b order by c) as x from t", {"t.a", "t.b", "t.c"}, {"t.b", "t.c"}),
        ("select sum(a) over w as x from t window w as (order by c)", {"t.a", "t.c"}, {"t.c"}),
        ("select a as x from t qualify row_number() over (partition by b order by c) = 1", {"t.a"}, {"t.b", "t.c"}),
        ("select a as x from t semi join u on u.b = t.b", {"t.a"}, {"t.b", "u.b"}),
        ("select a as x from t where b in (select c from u where d > 1)", {"t.a"}, {"t.b", "u.c", "u.d"}),
        ("select a as x from t where exists (select 1 from u where u.b = t.b)", {"t.a"}, {"t.b", "u.b"}),
        ("select (select max(b) from u where u.c = t.c) as x from t", {"u.b", "u.c", "t.c"}, {"u.b", "u.c", "t.c"}),
        ("select exists(select 1 from u where u.c = t.c) as x from t", {"u.c", "t.c"}, {"u.c", "t.c"}),
        ("select a as x from t union all select b from u", {"t.a", "u.b"}, set()),
        ("select a as x from t union select b from u", {"t.a", "u.b"}, {"t.a", "u.b"}),
        ("select a as x from t except select b from u where c > 1", {"t.a", "u.b"}, {"t.a", "u.b", "u.c"}),
        ("(select a as x, b as y from t) order by y limit 1", {"t.a"}, {"t.b"}),
        ("with q as (select a as x, b as y from t where c > 1) select x from q", {"t.a"}, {"t.c"}),
        ("with q(x, y) as (select a, b from t) select y as x from q", {"t.b"}, set()),
        ("with t as (select b as a from u) select a as x from t", {"u.b"}, set()),
        ("with q as (select a from t), r as (select a from u) select a as x from q", {"t.a"}, set()),
        ("select x from (select a as x from t where b > 1) s", {"t.a"}, {"t.b"}),
        ("select l.x from t, lateral (select max(u.b) as x from u where u.c = t.c) l", {"u.b"}, {"u.c", "t.c"}),
        ("select e as x from lists, unnest(xs) as s(e)", {"lists.xs"}, {"lists.xs"}),
        ("select unnest(xs) as x from lists", {"lists.xs"}, set()),
        ("select list_filter(xs, lambda y: y > a) as x from lists", {"lists.xs", "lists.a"}, set()),
        ("select v as x from (values (1), (2)) as s(v)", set(), set()),
    ],
)  # fmt: skip
def test_planted_columns_are_found(sql: str, values: set[str], conditions: set[str]) -> None:
    found = lineage(sql)
    assert names(found.columns["x"]) == values
    assert names(found.conditions) == conditions


def test_a_cte_that_nobody_reads_does_not_count() -> None:
    assert lineage("with q as (select a from u where b > 1) select a as x from t").tables == {"t"}


def test_tables_read_for_their_rows_alone_are_named() -> None:
    found = lineage("select count(*) as x from t cross join u")
    assert found.tables == {"t", "u"}
    assert not found.all_refs


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive q as (select a from t union all select a + 1 from q) select a as x from q",
        "select a as x from other.t",
        "select x from read_parquet('f.parquet')",
        "pivot t on a using sum(b) group by c",
    ],
)
def test_what_cannot_be_followed_is_refused(sql: str) -> None:
    with pytest.raises(UsageError, match=r"^m\.sql: "):
        lineage(sql)


wrappers = st.sampled_from(
    [
        "select {x} as {y} from ({q}) s",
        "with w as ({q}) select {x} as {y} from w",
        "with w as ({q}), v as (select {x} as z from w) select z + 1 as {y} from v",
        "select max({x}) as {y} from ({q}) s group by {x}",
        "select lag({x}) over (order by {x}) as {y} from ({q}) s",
        "select distinct coalesce({x}, 0) as {y} from ({q}) s",
        "select {x} as {y} from ({q}) s union all select d from u",
        "select s.{x} as {y} from ({q}) s left join u on u.d = s.{x}",
        "select (select max(s.{x}) from ({q}) s) as {y} from u",
    ]
)
planted = st.sampled_from(
    [
        "select {c} as {x} from t",
        "select 1 as {x} from t where {c} > 1",
        "select 1 as {x} from u join t on t.{c} = u.d",
        "select count(*) as {x} from t group by {c}",
        "select d as {x} from u where d in (select {c} from t)",
        "select d as {x} from u where exists (select 1 from t where t.{c} = u.d)",
        "select row_number() over (order by {c}) as {x} from t",
        "select 1 as {x} from t order by {c} limit 1",
    ]
)


@given(st.sampled_from(["a", "b", "c"]), planted, st.lists(wrappers, max_size=4))
def test_a_planted_column_is_found_under_any_nesting(column: str, plant: str, around: list[str]) -> None:
    sql, name = plant.format(c=column, x="n0"), "n0"
    for depth, wrapper in enumerate(around, 1):
        sql, name = wrapper.format(q=sql, x=name, y=f"n{depth}"), f"n{depth}"
    assert f"t.{column}" in names(lineage(sql).all_refs)
