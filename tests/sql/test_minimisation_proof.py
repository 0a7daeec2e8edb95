"""No SELECT leads around the permitted tables, and none joins the rows of two purposes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.sql import Project

TABLE: dict[str, Any] = {"columns": {"title_id": "varchar behaviour"}}


def serving(purpose: str | None, group: str = "models", **meta: Any) -> dict[str, Any]:
    return {**TABLE, "meta": {"group": group, **({"purpose": purpose} if purpose else {}), **meta}}


@pytest.mark.parametrize(
    "text",
    [
        "select title_id from accepted_viewing_events",
        "select t.title_id from accepted_titles t semi join accepted_viewing_events e on e.title_id = t.title_id",
        "select title_id from seen",
    ],
)
def test_a_table_that_reads_around_the_map_does_not_load(project: Callable[..., Project], text: str) -> None:
    models = {"mart": text, "seen": "select title_id from accepted_viewing_events where watched_seconds > 9"}
    with pytest.raises(
        UsageError, match=r"table mart: it reads people's data around the policy's map: .*mart.* <- .*accepted_"
    ):
        project(models, mart=serving("training"))


def test_a_purpose_is_no_machinery_whatever_its_group(project: Callable[..., Project]) -> None:
    text = {"mart": "select title_id from accepted_viewing_events"}
    assert project(text, mart=serving(None, "consent"))
    with pytest.raises(UsageError, match="around the policy's map"):
        project(text, mart=serving("training", "consent", access="restricted"))


def test_what_is_about_titles_alone_may_be_read(project: Callable[..., Project]) -> None:
    assert project({"mart": "select title_id from accepted_titles"}, mart=serving("training"))


def test_rows_of_two_purposes_are_not_joined(project: Callable[..., Project]) -> None:
    one, other = serving("training"), serving("personalisation")
    text = {"mart": "select a.title_id from one a semi join other b on a.title_id = b.title_id"}
    with pytest.raises(UsageError, match=r"several purposes: one \(training\), other \(personalisation\)"):
        project(text, one=one, other=other, mart=serving("training"))


def test_what_descends_from_a_purpose_names_it(project: Callable[..., Project]) -> None:
    text = {"mart": "select title_id from between_them", "between_them": "select title_id from one"}
    for named in (None, "personalisation"):
        with pytest.raises(UsageError, match="descends from one, which holds what training may see"):
            project(text, one=serving("training"), mart=serving(named))
    assert project(text, one=serving("training"), mart=serving("training"))


def test_the_group_permitted_is_the_maps_own(project: Callable[..., Project]) -> None:
    with pytest.raises(UsageError, match="contract mine: the group permitted holds what the policy's map makes"):
        project({}, mine=serving(None, "permitted"))
