"""The report of a release says what it holds, asks nothing of other machines, and escapes what it quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from publishing_house import FIRST, SECOND, put, span

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.reports import summary
from media_privacy_pipeline.reports.papers import COLLECTION, RECORD
from media_privacy_pipeline.reports.render import epsilon, render
from media_privacy_pipeline.reports.steps import write_release_report


def test_the_summary_is_json_and_balances(session: Session) -> None:
    found = summary(session, open_release(session.settings.home))
    assert json.loads(json.dumps(found.to_json()))["release_id"] == found.release_id
    assert {stage: n for stage, n in found.landing.items() if n} == {"landed": 11, "accepted": 10, "duplicate": 1}
    (analytics,) = found.purposes
    assert analytics.sees_rows
    assert (analytics.used, dict(analytics.withheld)) == (8, {"unknown": 2})
    assert [table.name for table in found.tables] == list(open_release(session.settings.home).tables)
    assert found.checks > 10
    assert found.failed == ()


def test_the_cost_of_a_paid_table_stands_beside_its_account_year(session: Session) -> None:
    tables = {table.name: table for table in summary(session, open_release(session.settings.home)).tables}
    assert tables["title_daily"].epsilon_year is not None
    assert tables["row_accounting"].epsilon_year is None


def test_the_page_is_whole_in_itself(session: Session) -> None:
    result = write_release_report(session, span())
    page = (session.settings.reports / "latest" / "index.html").read_text()
    assert result.metadata["path"] == str(session.settings.reports / str(result.metadata["release_id"]) / "index.html")
    assert not re.search(r"https?://|<script|@import|url\(", page)
    links = re.findall(r'href="([^"]+)"', page)
    assert sorted(links) == sorted(
        [*(f"{name}.{kind}" for name in (COLLECTION, RECORD) for kind in ("md", "json")), "data_docs/index.html"]
    )
    assert all((session.settings.reports / "latest" / link).exists() for link in links)


def test_columns_that_look_personal_are_told_of_the_releases_days_alone(session: Session) -> None:
    days = [FIRST, SECOND, SECOND + timedelta(days=1)]
    rows = {"arrival_day": days, "source": ["viewing_events"] * 3, "column_name": ["debug_blob"] * 3}
    more = {"declared": [False] * 3, "kind": ["email"] * 3, "proposed_class": ["direct_identifier"] * 3}
    put(session, "column_findings", {**rows, **more, "share": [0.25, 0.5, 1.0]})
    (found,) = summary(session, open_release(session.settings.home)).findings
    assert (found.column, found.days, found.share) == ("debug_blob", 2, 0.5)
    write_release_report(session, span())
    page = (session.settings.reports / "latest" / "index.html").read_text()
    assert "viewing events, <code>debug_blob</code>" in page
    assert "50.0 %" in page
    assert "undeclared, never stored" in page


def test_a_second_report_of_the_same_release_changes_nothing(session: Session) -> None:
    write_release_report(session, span())
    assert write_release_report(session, span()).skipped


def test_names_from_the_catalogue_are_escaped_and_shown(session: Session) -> None:
    put(session, "accepted_titles", {"title_id": ["t0"], "title": ["<b>Ann & Bob</b>"]})
    write_release_report(session, span())
    page = (session.settings.reports / "latest" / "index.html").read_text()
    assert "&lt;b&gt;Ann &amp; Bob&lt;/b&gt;" in page


def test_a_cost_is_rounded_up() -> None:
    assert [epsilon(1.001), epsilon(2.0), epsilon(None)] == ["1.01", "2.00", "n/a"]


def test_a_template_that_names_what_is_not_there_fails() -> None:
    with pytest.raises(Exception, match="undefined"):
        render("release.html.j2")


def test_without_a_release_there_is_no_report(make_session: Callable[..., Session]) -> None:
    with pytest.raises(UsageError, match="nothing was published"):
        write_release_report(make_session(), span())
