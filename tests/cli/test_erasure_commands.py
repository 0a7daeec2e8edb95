"""Receipts of the erasures of a night, from the command line, and asking for more."""

from __future__ import annotations

import json
from pathlib import Path

from cli_fixture import Cli, Night
from cli_result import refused


def test_a_night_left_receipts_that_verify_and_a_changed_one_does_not(night: Night, cli: Cli, tmp_path: Path) -> None:
    [receipt, *_] = sorted((night.home / "receipts").glob("*.json"))
    found = cli("subject", "receipt", "verify", receipt, "--home", night.home, "--json")
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert told["genuine"]
    assert told["files_scanned"] > 100
    changed = json.loads(receipt.read_text())
    changed["scan"]["files"] += 1
    copy = tmp_path / "receipt.json"
    copy.write_text(json.dumps(changed))
    assert "changed after it was signed" in refused(cli("subject", "receipt", "verify", copy, "--home", night.home), 1)
    stranger = cli("subject", "receipt", "verify", receipt, "--key", "ab" * 32)
    assert "not signed with this key" in refused(stranger, 1)


def test_what_is_no_receipt_is_refused(night: Night, cli: Cli, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"kind": "letter"}')
    assert "not the receipt of an erasure" in refused(
        cli("subject", "receipt", "verify", other, "--home", night.home), 1
    )


def test_a_dry_run_after_the_night_has_nothing_to_do(night: Night, cli: Cli) -> None:
    done = cli("subject", "erase", "--landing", night.landing, "--home", night.home, "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"due": 0, "held": 0, "under_way": 0, "rows": {}}


def test_a_dry_run_before_the_first_night_is_a_wrong_request(night: Night, cli: Cli, tmp_path: Path) -> None:
    done = cli("subject", "erase", "--landing", night.landing, "--home", tmp_path / "fresh", "--dry-run")
    assert "nothing was taken in yet" in refused(done, 2)
