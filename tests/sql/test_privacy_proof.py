"""An open table that descends from a person's data, other than through a paid release, does not load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.sql import PrivacyClass, Project

OPEN = {"columns": {"title_id": "varchar", "n": "bigint"}, "meta": {"access": "open"}}
COUNTS = {
    "columns": {"title_id": "varchar public", "viewers": "bigint"},
    "meta": {"access": "open", "protected_by": "dp"},
}
ACCOUNTING = {
    "arrival_day": "date", "source": "varchar", "stage": "varchar", "reason": "varchar", "rows": "bigint",
}  # fmt: skip

LEAKS = {
    "select": """select title_id, cast(sum(watched_seconds) as bigint) as n
        from accepted_viewing_events group by title_id""",
    "join key": """select t.title_id, count(*) as n from accepted_titles t
        join accepted_viewing_events e on e.title_id = t.title_id group by t.title_id""",
    "filter": """select t.title_id, 1::bigint as n from accepted_titles t
        cross join accepted_viewing_events e where e.country = 'IS'""",
    "renamed twice through CTEs": """with a as (select title_id, account_id as x from accepted_viewing_events),
        b as (select title_id, x as y from a)
        select title_id, count(distinct y) as n from b group by title_id""",
    "window order": """select t.title_id, row_number() over (order by e.started_at, t.title_id) as n
        from accepted_titles t, accepted_viewing_events e""",
    "having": """select t.title_id, 1::bigint as n from accepted_titles t, accepted_viewing_events e
        group by t.title_id having max(e.watched_seconds) > 60""",
    "exists": """select title_id, 1::bigint as n from accepted_titles t
        where exists (select 1 from accepted_viewing_events e where e.title_id = t.title_id)""",
    "in": """select title_id, 1::bigint as n from accepted_titles
        where title_id in (select title_id from accepted_viewing_events)""",
    "semi-join": """select t.title_id, 1::bigint as n from accepted_titles t
        semi join accepted_viewing_events e on e.title_id = t.title_id""",
    "scalar subquery": """select title_id, (select count(*) from accepted_viewing_events e
        where e.title_id = t.title_id) as n from accepted_titles t""",
    "union branch": """select title_id, 1::bigint as n from accepted_titles
        union all select title_id, 2::bigint as n from accepted_viewing_events""",
    "except": """select title_id, 1::bigint as n from accepted_titles
        except select title_id, 1::bigint from accepted_viewing_events""",
    "order and limit": """select t.title_id, 1::bigint as n from accepted_titles t, accepted_viewing_events e
        order by e.started_at, t.title_id limit 3""",
    "rows alone": "select 'all' as title_id, count(*) as n from accepted_viewing_events",
    "lateral": """select t.title_id, l.n::bigint as n from accepted_titles t,
        lateral (select count(*) as n from accepted_viewing_events e where e.title_id = t.title_id) l""",
}  # fmt: skip


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_does_not_load(project: Callable[..., Project], leak: str) -> None:
    with pytest.raises(UsageError, match=r"open table mart: its .* accepted_viewing_events.* nobody paid for: .* <- "):
        project({"mart": LEAKS[leak]}, mart=OPEN)


def test_a_leak_through_views_and_stored_tables_is_told_by_its_path(project: Callable[..., Project]) -> None:
    models = {
        "by_account": "select account_id, title_id, count(*) as n from accepted_viewing_events group by all",
        "stored": "select title_id, max(n) as m from by_account group by title_id",
        "mart": "select title_id, m as n from stored",
    }
    stored = {"columns": {"title_id": "varchar public", "m": "bigint public"}}
    path = "mart.title_id <- stored.title_id <- by_account.title_id <- accepted_viewing_events.title_id"
    with pytest.raises(UsageError, match=path):
        project(models, stored=stored, mart=OPEN)


def test_a_table_about_titles_may_be_open(project: Callable[..., Project]) -> None:
    assert project({"mart": "select title_id, count(*) as n from accepted_titles group by title_id"}, mart=OPEN)


def test_what_was_paid_for_may_be_read_on(project: Callable[..., Project]) -> None:
    mart = """select t.title_id, p.viewers as n from accepted_titles t
        join paid p on p.title_id = t.title_id where p.viewers > 9"""
    assert project({"mart": mart}, mart=OPEN, paid=COUNTS).privacy_class("mart", "n") is PrivacyClass.public


def test_a_select_cannot_call_itself_paid(project: Callable[..., Project]) -> None:
    with pytest.raises(UsageError, match="a SELECT pays for nothing"):
        project(
            {"paid": "select title_id, count(*) as viewers from accepted_viewing_events group by title_id"}, paid=COUNTS
        )


def test_an_open_table_made_in_python_is_paid_or_public(project: Callable[..., Project]) -> None:
    free = {"columns": {"title_id": "varchar public", "viewers": "bigint behaviour"}, "meta": {"access": "open"}}
    with pytest.raises(UsageError, match=r"open table free: its column viewers .* free.viewers \(behaviour\)"):
        project({}, free=free)
    assert project({}, paid=COUNTS)


def test_row_accounting_is_put_together_from_counts_alone(project: Callable[..., Project]) -> None:
    counted: dict[str, Any] = {"columns": ACCOUNTING, "meta": {"protected_by": "accounting"}}
    published = {"columns": ACCOUNTING, "meta": {"protected_by": "accounting", "access": "open"}}
    text = "select arrival_day, source, stage, reason, rows from landing_accounting"
    assert project({"row_accounting": text}, landing_accounting=counted, row_accounting=published)
    text = """select arrival_day, country as source, '' as stage, '' as reason, 1::bigint as rows
        from accepted_viewing_events"""
    with pytest.raises(UsageError, match="reads accepted_viewing_events, which holds no row accounting"):
        project({"row_accounting": text}, landing_accounting=counted, row_accounting=published)
    with pytest.raises(UsageError, match="only row_accounting leaves the house"):
        project({}, other=published)
    with pytest.raises(UsageError, match="exactly the columns"):
        project({}, other={"columns": {"rows": "bigint"}, "meta": {"protected_by": "accounting"}})


def test_counts_go_to_no_other_open_table(project: Callable[..., Project]) -> None:
    counted: dict[str, Any] = {"columns": ACCOUNTING, "meta": {"protected_by": "accounting"}}
    with pytest.raises(UsageError, match="landing_accounting"):
        project(
            {"mart": "select source as title_id, rows as n from landing_accounting"},
            mart=OPEN,
            landing_accounting=counted,
        )


def test_a_restricted_table_names_a_purpose_of_the_policy(project: Callable[..., Project]) -> None:
    columns = {"viewer_key": "varchar pseudonym"}
    assert project({}, recs={"columns": columns, "meta": {"access": "restricted", "purpose": "personalisation"}})
    with pytest.raises(UsageError, match="names the purpose"):
        project({}, recs={"columns": columns, "meta": {"access": "restricted"}})
    with pytest.raises(UsageError, match="fun is none of"):
        project({}, recs={"columns": columns, "meta": {"access": "restricted", "purpose": "fun"}})


@pytest.mark.parametrize(
    "text",
    [
        "select email as plan from accepted_accounts",
        "select plan from accepted_accounts where email like '%@x.example'",
    ],
)
def test_a_direct_identifier_reaches_no_other_table(project: Callable[..., Project], text: str) -> None:
    with pytest.raises(UsageError, match="table plans: a direct identifier reaches it"):
        project({"plans": text}, plans={"columns": {"plan": "varchar behaviour"}})


def test_a_table_that_no_model_makes_declares_its_classes(project: Callable[..., Project]) -> None:
    with pytest.raises(UsageError, match="lineage cannot tell the privacy class of size"):
        project({}, made={"columns": {"size": "bigint"}})


def test_classes_travel_to_derived_columns(project: Callable[..., Project]) -> None:
    model = """select account_id || title_id as both_ids, title_id, date_trunc('day', started_at) as day, 1 as one
        from accepted_viewing_events"""
    loaded = project({"mixed": model})
    classes = {name: loaded.privacy_class("mixed", name) for name in loaded.schema("mixed")}
    assert classes == {"both_ids": "pseudonym", "title_id": "behaviour", "day": "behaviour", "one": "public"}
