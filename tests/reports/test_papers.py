"""The notice and the record of processing say what policy, contracts and lineage say, all of it, for people too."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from media_privacy_pipeline import policy
from media_privacy_pipeline.reports.papers import SUBJECTS, papers, write_papers
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Access, PrivacyClass, Project, load_project
from media_privacy_pipeline.sql.collected import collected

NAMES = ["DATA_COLLECTION.md", "DATA_COLLECTION.json", "PROCESSING_RECORD.md", "PROCESSING_RECORD.json"]


REACH = {"reach_weekly", "reach_28_days"}
EXPOSURE = {"creator_exposure", "fairness_report"}
FORECASTS = {"title_forecast", "forecast_backtest", "emerging_titles", "slot_plan"}


@pytest.fixture(scope="module")
def project() -> Project:
    return load_project(Settings().sql, policy.load())


@pytest.fixture(scope="module")
def written(project: Project) -> dict[str, str]:
    return papers(project)


@pytest.fixture(scope="module")
def notice(written: dict[str, str]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(written["DATA_COLLECTION.json"])
    return loaded


@pytest.fixture(scope="module")
def record(written: dict[str, str]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(written["PROCESSING_RECORD.json"])
    return loaded


def test_every_stored_column_is_told_with_class_meaning_and_use(project: Project, notice: dict[str, Any]) -> None:
    told = {(table["source"], column["name"]): column for table in notice["tables"] for column in table["columns"]}
    stored = {(source, each.name): each for source, c in collected(project.contracts).items() for each in c.columns}
    assert told.keys() == stored.keys()
    for key, column in stored.items():
        assert (told[key]["privacy"], told[key]["meaning"]) == (column.privacy, column.description)
        used = {use["purpose"] for use in told[key]["uses"]}
        sees = {name for name, rule in project.policy.purposes.items() if key[1] in rule.columns.get(key[0], {})}
        assert used == sees
        assert used or told[key]["kept"] or column.privacy is PrivacyClass.public


def test_a_use_says_how_fine_on_which_basis_and_how_far_back(notice: dict[str, Any]) -> None:
    [events] = [table for table in notice["tables"] if table["source"] == "viewing_events"]
    [started] = [column for column in events["columns"] if column["name"] == "started_at"]
    [use] = [use for use in started["uses"] if use["purpose"] == "analytics"]
    assert (use["basis"], use["days"]) == ("consent", 365)
    assert "part of the day" in use["fineness"]


def test_lineage_says_where_a_column_ends_up(notice: dict[str, Any]) -> None:
    columns = {f"{table['source']}.{c['name']}": c for table in notice["tables"] for c in table["columns"]}
    by_country = {"audience_daily", "genre_weekly", "title_by_country", "popular_by_region", "slot_plan", *REACH}
    assert {*by_country, "permitted_analytics_viewing_events"} == set(columns["viewing_events.country"]["reaches"])
    assert {"recommendations", "title_daily"} <= set(columns["viewing_events.title_id"]["reaches"])
    assert "recommendations" in columns["viewing_events.account_id"]["reaches"]
    for nowhere in ("viewing_events.ip_address", "accounts.email", "accounts.name"):
        assert columns[nowhere]["reaches"] == []
    counted = {"permitted_analytics_search_events", "search_intents_daily"}
    assert set(columns["search_events.query"]["reaches"]) == counted
    assert "permitted_training_viewing_events" in columns["viewing_events.device_id"]["decides"]


def test_the_record_has_what_article_30_asks_for(project: Project, record: dict[str, Any]) -> None:
    assert record["controller"]["name"] == project.policy.controller.name
    assert {each["name"] for each in record["activities"]} == set(project.policy.purposes)
    by_name = {each["name"]: each for each in record["activities"]}
    assert by_name["fairness_audit"]["categories"].keys() == {"sensitive", "quasi_identifier"}
    assert set(by_name["analytics"]["recipients"]) == {
        "title_daily",
        "audience_daily",
        "discovery_daily",
        "genre_weekly",
        "title_by_country",
        "search_intents_daily",
        "completion_curve",
        *REACH,
        "popular_by_region",
        *EXPOSURE,
        *FORECASTS,
    }
    assert set(by_name["personalisation"]["recipients"]) == {"recommendations", "weekly_discovery", "viewer_segments"}
    assert by_name["context"]["recipients"] == ["context_recommendations"]
    assert set(by_name["training"]["recipients"]) == {
        "recommendations",
        "context_recommendations",
        "weekly_discovery",
        "segment_profile",
        "similar_titles",
    }
    assert by_name["advertising"]["recipients"] == ["viewer_segments_advertising"]
    assert by_name["fairness_audit"]["recipients"] == []
    assert by_name["personalisation"]["subjects"]
    assert {each["name"] for each in record["held"]} == set(project.policy.kept_for)
    tables = {name for name, contract in project.contracts.items() if contract.meta.access is not Access.internal}
    assert {each["table"] for each in record["recipients"]} == tables
    assert len(record["security"]) > 5
    held = {each["what"] for each in record["retention"]}
    assert {"viewing_events", "what analytics may see", "recommendations"} <= held


def test_every_input_about_people_says_whom_it_is_about(notice: dict[str, Any]) -> None:
    assert set(SUBJECTS) == {table["source"] for table in notice["tables"] if table["personal"]}


def test_the_pages_are_whole_tables_of_plain_words(written: dict[str, str]) -> None:
    for name in ("DATA_COLLECTION.md", "PROCESSING_RECORD.md"):
        lines = written[name].splitlines()
        assert lines[0].startswith("# ")
        for before, line in zip(["", *lines], lines, strict=False):
            if line.startswith("|") and before.startswith("|"):
                cells = [len(re.findall(r"(?<!\\)\|", each)) for each in (before, line)]
                assert cells[0] == cells[1], line
        text = written[name]
        assert not re.search(r"\bNone\b|\{\{|Generalisation|<[a-z]", text)
        assert "\n\n\n" not in text


def test_a_change_of_the_policy_shows_and_nothing_else_does(project: Project, tmp_path: Path) -> None:
    paths = write_papers(project, tmp_path / "papers")
    assert [path.name for path in paths] == NAMES
    before = [path.stat().st_mtime_ns for path in paths]
    assert [path.stat().st_mtime_ns for path in write_papers(project, tmp_path / "papers")] == before
    document = yaml.safe_load(policy.PACKAGED.read_text())
    document["purposes"]["training"]["columns"]["viewing_events"]["device_type"] = "device_class"
    document["controller"] |= {"name": "Film | House", "protection_officer": {"name": "P. O.", "contact": "po@x.org"}}
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document))
    changed = papers(load_project(Settings().sql, policy.load(tmp_path / "policy.yaml")))
    assert "training (as a class: screen" in changed["DATA_COLLECTION.md"]
    assert r"Film \| House" in changed["PROCESSING_RECORD.md"]
    assert "P. O., po@x.org" in changed["DATA_COLLECTION.md"]
