"""A model whose columns are not what the contracts say does not load."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.sql import Project

PLAYS = {"meta": {"group": "landing"}, "columns": {"title_id": "varchar", "plays": "bigint"}}
COUNT = "select title_id, count(*) as plays from accepted_viewing_events group by title_id"


def test_a_model_that_keeps_its_contract_loads(project: Callable[..., Project]) -> None:
    assert project({"plays": COUNT}, plays=PLAYS).schema("plays") == {"title_id": "varchar", "plays": "bigint"}


def test_the_columns_of_a_view_are_inferred(project: Callable[..., Project]) -> None:
    view = """with both_tables as (select * from accepted_viewing_events join accepted_titles using (title_id))
        select title_id, genres, date_trunc('hour', started_at) as hour from both_tables"""
    plays = "select title_id, count(genres) as plays from hours group by title_id"
    loaded = project({"hours": view, "plays": plays}, plays=PLAYS)
    assert loaded.schema("hours") == {"title_id": "varchar", "genres": "varchar[]", "hour": "timestamp"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("select title_id, count(vieews) as plays from accepted_viewing_events group by title_id", "vieews"),
        ("select t.title_id, count(x.plan) as plays from accepted_titles t group by t.title_id", "plan"),
        ("select title_id, count(*) as plays from accepted_events group by title_id", "unknown table accepted_events"),
        ("select title_id, count(*) as n from accepted_viewing_events group by title_id", "lacks plays; has n"),
        ("select count(*) as plays, title_id from accepted_viewing_events group by title_id", "another order"),
        ("select title_id, sum(watched_seconds) as plays from accepted_viewing_events group by title_id", "cast"),
        ("select title_id, 'many' as plays from accepted_viewing_events", "is varchar where the contract says"),
        ("select title_id, abs($n) as plays from accepted_viewing_events", "cannot be told"),
        ("select title_id, 1 as plays from accepted_titles union all select title, 'x' from accepted_titles", "branch"),
        ("select title_id, title_id, 1 as plays from accepted_titles", "two columns are called title_id"),
        ("select title_id, count( as plays from accepted_titles", "not SQL"),
        ("select 1; select 2", "one SELECT"),
        ("delete from accepted_titles", "one SELECT"),
    ],
)  # fmt: skip
def test_a_wrong_model_is_refused_by_file_and_column(project: Callable[..., Project], text: str, words: str) -> None:
    with pytest.raises(UsageError, match=r"marts/plays\.sql") as error:
        project({"plays": text}, plays=PLAYS)
    assert words in str(error.value)


def test_models_that_read_each_other_are_refused(project: Callable[..., Project]) -> None:
    with pytest.raises(UsageError, match="in a circle"):
        project({"a": "select title_id from b", "b": "select title_id from a"})
