"""What was published, read from the command line: for people, and as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

from cli_fixture import Cli, Night
from cli_result import refused

from media_privacy_pipeline.published import open_release


def test_tables_say_who_may_read_them_and_what_they_cost(night: Night, cli: Cli) -> None:
    document = json.loads(cli("tables", "--home", night.home, "--json").stdout)
    tables = {table["table"]: table for table in document["tables"]}
    assert tables["title_daily"]["access"] == "open"
    assert tables["title_daily"]["epsilon"] > 0
    assert tables["recommendations"]["purpose"] == "personalisation"


def test_rows_come_in_three_forms(night: Night, cli: Cli) -> None:
    rows = open_release(night.home).arrow("title_daily").num_rows
    shared = ("read", "title_daily", "--home", night.home)
    as_json = json.loads(cli(*shared, "--format", "json", "--limit", 3).stdout)
    as_csv = list(csv.DictReader(io.StringIO(cli(*shared, "--format", "csv", "--limit", 0).stdout)))
    assert len(as_json) == 3
    assert len(as_csv) == rows
    assert as_json[0].keys() == as_csv[0].keys()
    assert cli(*shared, "--limit", 1).stdout.splitlines()[0].split()[:2] == ["day", "title_id"]


def test_an_unknown_table_is_answered_with_the_known_ones(night: Night, cli: Cli) -> None:
    message = refused(cli("read", "title_hourly", "--home", night.home), 2)
    assert "title_hourly: no such table" in message
    assert "title_daily" in message


def test_a_key_joins_to_the_restricted_rows_of_its_purpose(night: Night, cli: Cli) -> None:
    import pyarrow.parquet as pq

    from media_privacy_pipeline.keys import Keyring
    from media_privacy_pipeline.lake import Lake

    (file,) = Lake(night.home / "lake").files("subjects")
    rows = pq.read_table(file, columns=["account_id", "profile_id"]).to_pylist()
    people = [(row["account_id"], row["profile_id"]) for row in rows]
    served = set(open_release(night.home).arrow("recommendations").column("viewer_key").to_pylist())
    keys = Keyring.open(night.home.with_name("home.keys"), create=False).viewer_keys("personalisation", people)
    key, account, profile = next((key, *person) for key, person in zip(keys, people, strict=True) if key in served)
    told = cli("key", account, profile, "--home", night.home, "--json")
    assert json.loads(told.stdout)["viewer_key"] == key
    other = cli("key", account, profile, "--purpose", "training", "--home", night.home)
    assert other.stdout.strip() not in served


def test_status_and_releases_agree(night: Night, cli: Cli) -> None:
    status = json.loads(cli("status", "--home", night.home, "--landing", night.landing, "--json").stdout)
    releases = json.loads(cli("releases", "--home", night.home, "--json").stdout)
    assert [release["release"] for release in releases if release["current"]] == [status["release"]]
    assert (status["landed_days"], status["taken_in_days"], status["waiting_days"]) == (6, 6, 0)
    assert status["running"] is None


def test_verify_finds_a_changed_file(night: Night, cli: Cli, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "home")
    assert cli("verify", "--home", home).returncode == 0
    (file, *_) = open_release(home).files("title_daily")
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    done = cli("verify", "--home", home, "--json")
    assert done.returncode == 1
    (problem,) = json.loads(done.stdout)["release"]["problems"]
    assert problem.endswith("was changed")


def test_the_doctor_finds_keys_that_others_may_read(night: Night, cli: Cli, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "home")
    well = cli("doctor", "--home", home, "--landing", night.landing, "--json")
    assert json.loads(well.stdout)["fit"], well.stdout
    (tmp_path / "home.keys").chmod(0o644)
    ill = cli("doctor", "--home", home, "--landing", night.landing, "--json")
    assert ill.returncode == 1
    (keys,) = [each for each in json.loads(ill.stdout)["findings"] if each["name"] == "keys"]
    assert keys["state"] == "wrong"
    assert "chmod 600" in keys["mend"]


def test_refused_rows_are_counted_but_not_shown(night: Night, cli: Cli) -> None:
    counts = json.loads(cli("quarantine", "show", "--home", night.home, "--json").stdout)
    accounted = open_release(night.home).arrow("row_accounting").to_pylist()
    assert counts
    assert counts[0].keys() == {"source", "arrival_day", "reason", "rows"}
    assert sum(c["rows"] for c in counts) >= sum(r["rows"] for r in accounted if r["stage"] == "quarantined")


def test_an_empty_quarantine_is_said_to_be_empty(night: Night, cli: Cli, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "home")
    shutil.rmtree(home / "quarantine")
    done = cli("quarantine", "show", "--home", home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "no refused rows are kept\n")


def test_every_command_explains_itself(cli: Cli) -> None:
    listed = cli("--help").stdout
    for command in (
        "simulate",
        "import",
        "run",
        "status",
        "tables",
        "read",
        "releases",
        "key",
        "verify",
        "doctor",
        "cluster",
        "ui",
    ):
        assert command in listed
    assert "media-privacy run --landing landing --home home" in cli("run", "--help").stdout
