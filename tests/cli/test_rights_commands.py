"""Retention and disclosures from the command line, on a finished night."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from cli_fixture import Cli, Night
from cli_result import refused

from media_privacy_pipeline.policy import PACKAGED


def test_nothing_is_overdue_after_a_night_and_all_of_it_years_later(night: Night, cli: Cli) -> None:
    shown = cli("retention", "show", "--home", night.home, "--json")
    assert shown.returncode == 0, shown.stderr
    stores = {store["table"]: store for store in json.loads(shown.stdout)["stores"]}
    assert stores["accepted_viewing_events"]["window_days"] == 730
    assert stores["accepted_viewing_events"]["rows"] > 0
    assert stores["permitted_training_viewing_events"]["oldest_day"] is not None
    assert {"subjects", "consent_ledger", "recommendations", "quarantine/viewing_events"} <= set(stores)
    later = cli("retention", "show", "--home", night.home, "--as-of", "2030-01-01T00:00:00", "--json")
    assert later.returncode == 1
    overdue = {store["table"] for store in json.loads(later.stdout)["stores"] if not store["ok"]}
    assert overdue >= {"accepted_viewing_events", "permitted_training_viewing_events", "quarantine/viewing_events"}
    assert "stores hold what is past its window" in later.stderr


def test_what_is_kept_stands_in_the_report_without_how_much(night: Night) -> None:
    page = (night.home / "reports" / "latest" / "index.html").read_text()
    kept = page[page.index("How long it is kept") : page.index("Who was handed what")]
    assert "accepted_viewing_events" in kept
    assert "overdue" not in kept
    assert "No table was handed to anybody" in page


def test_an_open_table_is_handed_over_and_shown(night: Night, cli: Cli, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "home")
    document = yaml.safe_load(PACKAGED.read_text())
    document["recipients"] = {
        "office": {"title": "An office", "contact": "office@office.example", "country": "DE", "basis": "published",
                   "purposes": ["analytics"], "tables": ["title_daily"]}
    }  # fmt: skip
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document))
    asked = ("disclose", "title_daily", "--recipient", "office", "--home", home, "--policy", tmp_path / "policy.yaml")
    assert "knows no purpose" in refused(cli(*asked, "--purpose", "mining"), 2)
    done = cli(*asked, "--purpose", "analytics", "--json")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "title_daily-office.parquet").exists()
    assert json.loads(done.stdout)["people"] == 0
    assert cli("disclosures", "verify", "--home", home).stdout == "1 rows, whole\n"
    [line] = json.loads(cli("disclosures", "show", "--home", home, "--json").stdout)
    assert (line["recipient"], line["table"]) == ("office", "title_daily")
    log = home / "ledger" / "disclosures.jsonl"
    log.write_text(log.read_text().replace("office", "bureau"))
    broken = cli("disclosures", "verify", "--home", home)
    assert (broken.returncode, broken.stdout) == (
        1,
        "0 rows, broken at row 1: row 1 was changed after it was written\n",
    )
