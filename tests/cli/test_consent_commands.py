"""Decisions and the ledger from the command line: in a fresh home, and in one where a run has been."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

from cli_fixture import Cli, Night
from cli_result import refused


def test_decisions_need_a_landing_zone_and_nothing_else(night: Night, cli: Cli, tmp_path: Path) -> None:
    arguments = ("consent", "decide", "--purpose", "analytics")
    there = cli(*arguments, "--home", night.home).stdout
    fresh = cli(*arguments, "--landing", night.landing, "--home", tmp_path / "fresh").stdout
    assert there == fresh
    rows = list(csv.DictReader(io.StringIO(there)))
    assert {row["allowed"] for row in rows} == {"true", "false"}
    assert all((row["allowed"] == "true") == (row["reason"] == "") for row in rows)
    lines = cli(*arguments, "--home", night.home, "--json").stdout.splitlines()
    assert [json.loads(line)["event_id"] for line in lines] == [row["event_id"] for row in rows]
    assert not (tmp_path / "fresh" / "published").exists()


def test_the_story_of_an_event_names_rule_and_rows(night: Night, cli: Cli) -> None:
    decided = cli("consent", "decide", "--purpose", "training", "--home", night.home).stdout
    event = next(row["event_id"] for row in csv.DictReader(io.StringIO(decided)) if row["reason"] == "denied")
    told = cli("consent", "why", event, "--purpose", "training", "--home", night.home).stdout
    assert "training may not use it (denied): consent was denied" in told
    assert "denied by" in told
    [story] = json.loads(cli("consent", "why", event, "--home", night.home, "--json").stdout)
    training = next(each for each in story["purposes"] if each["purpose"] == "training")
    assert training["reason"] == "denied"
    assert any(row["state"] == "denied" for row in training["rows"])


def test_what_nobody_knows_is_a_wrong_request(night: Night, cli: Cli) -> None:
    assert "knows no purpose" in refused(cli("consent", "decide", "--purpose", "mining", "--home", night.home), 2)
    assert "no accepted event" in refused(cli("consent", "why", "nobody", "--home", night.home), 2)


def test_the_ledger_is_shown_and_its_first_bad_row_is_named(night: Night, cli: Cli, tmp_path: Path) -> None:
    assert cli("ledger", "verify", "--home", night.home).stdout.endswith("rows, whole\n")
    shown = json.loads(cli("ledger", "show", "--home", night.home, "--last", 3, "--json").stdout)
    assert [row["seq"] for row in shown] == list(range(shown[0]["seq"], shown[0]["seq"] + 3))
    home = night.copy(tmp_path / "home")
    with sqlite3.connect(home / "ledger" / "consent.sqlite") as connection:
        connection.execute("update consent_ledger set state = 'granted' where seq = 5")
        connection.execute("update consent_ledger set purpose = 'mining' where seq = 5")
    done = cli("ledger", "verify", "--home", home)
    assert done.returncode == 1
    assert "broken at row 5" in done.stdout
