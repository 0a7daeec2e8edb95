"""`media-privacy budget`: what would be spent, what was spent, and drawing a day anew."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from cli_fixture import Cli, Night
from cli_result import refused

from media_privacy_pipeline.policy import PACKAGED
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.published import open_release


def test_a_plan_tells_costs_noise_and_keys_before_anything_runs(cli: Cli, tmp_path: Path) -> None:
    done = cli("budget", "plan")
    assert done.returncode == 0
    assert "title_id: known, all of accepted_titles" in done.stdout
    assert "2 days after they end" in done.stdout
    assert "title_daily, audience_daily, discovery_daily, genre_weekly" in done.stdout
    assert not (tmp_path / "home").exists()


def test_a_family_without_members_keeps_its_share(cli: Cli, tmp_path: Path) -> None:
    document = yaml.safe_load(PACKAGED.read_text())
    families = document["releases"]["budget"]["families"]
    families["tables"]["share"] = 0.79
    families["later"] = {"title": "Kept for what is yet to come", "share": 0.01}
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document, sort_keys=False))
    done = cli("budget", "plan", "--policy", tmp_path / "policy.yaml")
    assert done.returncode == 0
    assert "none yet" in done.stdout


def test_a_plan_that_the_budget_does_not_pay_for_ends_with_one(cli: Cli, tmp_path: Path) -> None:
    document = yaml.safe_load(PACKAGED.read_text())
    del document["releases"]["budget"]["families"]
    tables = document["releases"]["tables"]
    tables["discovery_daily"] |= {"cells": {"referrer": {"unknown": True}}, "threshold_delta": 1e-11, "mu": 0.03}
    tables["discovery_daily"]["measures"] = {"viewers": {"budget": 0.85}}
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document))
    done = cli("budget", "plan", "--policy", tmp_path / "policy.yaml", "--json")
    assert done.returncode == 1
    told = json.loads(done.stdout)
    assert told["holds"] is False
    assert told["epsilon_year"] is None
    (line,) = [line for line in told["lines"] if line["name"] == "discovery_daily"]
    assert line["threshold"] > 200
    assert "not known beforehand, told from a noisy count of" in line["keys"]
    assert line["threshold_delta"] == pytest.approx(365e-11)


def test_a_day_is_superseded_and_the_ledger_shows_both(cli: Cli, night: Night, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "mine")
    day = sorted((home / "privacy" / "releases" / "discovery_daily").glob("*.parquet"))[0].stem
    beside = next((home / "published" / "open").glob(f"discovery_daily/*/certificate-{day}.json"))
    assert beside.read_bytes() == (home / "privacy" / "releases" / "discovery_daily" / f"{day}.json").read_bytes()
    told = refused(cli("budget", "supersede", "discovery_daily", day, "--home", home), 2)
    assert "--reason" in told
    done = cli("budget", "supersede", "discovery_daily", day, "--reason", "to try it", "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["release"] == f"discovery_daily/{day}#2"
    shown = json.loads(cli("budget", "show", "--home", home, "--json").stdout)
    mine = [charge for charge in shown["charges"] if charge["release"].startswith(f"discovery_daily/{day}")]
    assert [(charge["outcome"], charge["reason"]) for charge in mine] == [
        ("superseded", None),
        ("released", "to try it"),
    ]
    assert 0 < shown["epsilon"] < shown["cap"]
    assert shown["mu_left"] > 0
    # What allowances may carry into a day is in its cost, as in the published table.
    carried = next(charge for charge in shown["charges"] if charge["release"].startswith("title_daily/"))
    assert carried["epsilon"] > 2 * epsilon_of(carried["mu"], shown["delta"])
    rows = open_release(home).arrow("privacy_ledger").to_pylist()
    told = {row["release"]: row["epsilon"] for row in rows}
    assert told[carried["release"]] == pytest.approx(carried["epsilon"])


def test_a_home_without_a_ledger_is_named_and_none_is_made(cli: Cli, tmp_path: Path) -> None:
    assert "there is no ledger here yet" in refused(cli("budget", "show", "--home", tmp_path / "none"), 2)
    assert not (tmp_path / "none").exists()
