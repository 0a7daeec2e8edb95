"""What a person can ask for, from the command line, of a home in which a night was run."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from cli_fixture import Cli, Night
from cli_result import refused

from media_privacy_pipeline.keys import Keyring
from media_privacy_pipeline.published import open_release


@pytest.fixture(scope="module")
def asked(night: Night) -> dict[str, dict[str, str]]:
    """A verified access request of a whole account, and one that is none."""
    folder = night.home / "lake" / "accepted_subject_requests"
    rows = ds.dataset(folder, format="parquet", partitioning="hive", exclude_invalid_files=True).to_table().to_pylist()
    whole = [row for row in rows if row["kind"] in ("access", "portability") and row["profile_id"] is None]
    other = next(row for row in rows if row["kind"] not in ("access", "portability"))
    return {"access": next(row for row in whole if row["verified"]), "other": other}


def test_an_export_holds_what_the_release_says_of_the_person(
    night: Night, cli: Cli, asked: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    account, request = asked["access"]["account_id"], asked["access"]["request_id"]
    there = ("--landing", night.landing, "--home", night.home, "--account", account, "--request", request)
    done = cli("subject", "export", *there, "--out", "out.zip", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rows"]["raw"] > 0
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert len(archive.namelist()) == told["files"]
        recommended = json.loads(archive.read("inferences/recommendations_explained.json"))
        readers = list(csv.DictReader(io.StringIO(archive.read("recipients/release_readers.csv").decode())))
    published = Counter(open_release(night.home).arrow("recommendations").column("viewer_key").to_pylist())
    viewers = [(account, profile) for profile in sorted({row["profile_id"] for row in recommended})]
    keyring = Keyring.open(night.home.with_name("home.keys"), create=False)
    read = sum(published[key] for key in keyring.viewer_keys("personalisation", viewers))
    assert read == len(recommended) > 0
    assert sum(int(row["rows"]) for row in readers if row["table"] == "recommendations") == read


def test_a_dashboard_is_made_beside_its_preferences(
    night: Night, cli: Cli, asked: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    account, request = asked["access"]["account_id"], asked["access"]["request_id"]
    made = cli(
        "subject", "dashboard", "--home", night.home, "--account", account, "--request", request, "--out", "page"
    )
    assert made.returncode == 0, made.stderr
    assert account not in made.stdout
    page = (tmp_path / "page" / "index.html").read_text()
    assert all(path.name in page for path in (tmp_path / "page" / "preferences").iterdir())


def test_another_request_is_none(night: Night, cli: Cli, asked: dict[str, dict[str, str]], tmp_path: Path) -> None:
    account, request = asked["other"]["account_id"], asked["other"]["request_id"]
    who = ("--home", night.home, "--account", account, "--request", request)
    profile = ("--profile", asked["other"]["profile_id"] or "main")
    message = refused(cli("subject", "dashboard", *who, *profile, "--out", "out"), 1)
    assert f"it asks for {asked['other']['kind']}" in message
    assert account not in message
    assert request not in message
    assert list(tmp_path.iterdir()) == []


def test_no_key_is_made_by_asking(night: Night, cli: Cli, tmp_path: Path) -> None:
    done = cli("subject", "dashboard", "--account", "a", "--request", "r", "--out", "page")
    assert "no key file" in refused(done, 2)
    assert not (tmp_path / "home.keys").exists()
