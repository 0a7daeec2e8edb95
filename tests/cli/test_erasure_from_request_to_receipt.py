"""An erasure from the command line: a request lands, somebody is gone, a receipt proves it, and nobody comes back."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from cli_fixture import Cli, Night
from cli_result import refused

from media_privacy_pipeline.keys import Keyring
from media_privacy_pipeline.lake import Lake
from media_privacy_pipeline.published import open_release

REQUEST = "r-erase-me"


@dataclass(frozen=True)
class Gone:
    """A home in which one account was erased, and what the command said."""

    landing: Path
    home: Path
    account: str
    keys: Sequence[str]
    day: date
    told: dict[str, Any]


def deliver(landing: Path, source: str, day: date, row: dict[str, Any]) -> None:
    folder = landing / source / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "handed-in.jsonl").write_text(json.dumps(row) + "\n")


def served(home: Path) -> set[str]:
    return set(open_release(home).arrow("recommendations").column("viewer_key").to_pylist())


@pytest.fixture
def gone(night: Night, cli: Cli, tmp_path: Path) -> Gone:
    landing, home = tmp_path / "landing", night.copy(tmp_path / "home")
    shutil.copytree(night.landing, landing)
    lake, keyring = Lake(home / "lake"), Keyring.open(tmp_path / "home.keys", create=False)
    rows = [row for file in lake.files("subjects") for row in pq.read_table(file).to_pylist()]
    people = [(row["account_id"], row["profile_id"]) for row in rows]
    before = served(home)
    known = zip(keyring.viewer_keys("personalisation", people), people, strict=True)
    account = next(account for key, (account, _) in known if key in before)
    keys = keyring.viewer_keys("personalisation", [pair for pair in people if pair[0] == account])
    day = lake.days("accepted_viewing_events")[-1] + timedelta(days=1)
    request = {"request_id": REQUEST, "account_id": account, "kind": "erasure", "verified": True}
    deliver(landing, "subject_requests", day, {**request, "received_at": f"{day}T09:00:00Z"})
    done = cli("subject", "erase", "--landing", landing, "--home", home, "--json")
    assert done.returncode == 0, done.stderr
    assert before.intersection(keys)
    return Gone(landing, home, account, keys, day, json.loads(done.stdout))


def test_an_erasure_ends_with_a_receipt_and_nothing_of_the_person_comes_back(
    gone: Gone, cli: Cli, tmp_path: Path
) -> None:
    [receipt] = gone.told["receipts"]
    proved = cli("subject", "receipt", "verify", receipt, "--home", gone.home, "--json")
    assert proved.returncode == 0, proved.stderr
    told = json.loads(proved.stdout)
    assert (told["genuine"], told["scope"]) == (True, "account")
    assert min(told["rows_removed"], told["files_rewritten"], told["keys_destroyed"]) > 0
    assert gone.account not in Path(receipt).read_text()
    assert not served(gone.home).intersection(gone.keys)
    asked = ("--account", gone.account, "--request", REQUEST, "--home", gone.home)
    assert gone.account not in refused(cli("subject", "dashboard", *asked, "--out", tmp_path / "page"), 1)

    late = {"event_id": "came-late", "account_id": gone.account, "title_id": "t1"}
    deliver(
        gone.landing, "viewing_events", gone.day + timedelta(days=1), late | {"started_at": f"{gone.day}T01:00:00Z"}
    )
    decided = cli("consent", "decide", "--purpose", "analytics", "--landing", gone.landing, "--home", gone.home)
    assert decided.returncode == 0, decided.stderr
    events = {row["event_id"] for row in csv.DictReader(io.StringIO(decided.stdout))}
    assert events
    assert "came-late" not in events
    lake = Lake(gone.home / "lake")
    [counts] = lake.files("accounted_viewing_events", [gone.day + timedelta(days=1)])
    stages = {(row["stage"], row["reason"]): row["rows"] for row in pq.ParquetFile(counts).read().to_pylist()}
    assert stages == {("landed", ""): 1, ("dropped", "erased"): 1}
