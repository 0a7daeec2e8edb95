"""Imports from the command line: counts, refusals by place and rule, exit codes, and never a value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from cli_fixture import Cli
from cli_result import refused
from import_toy import ANALYTICS, purpose, receipt, request, write

from media_privacy_pipeline.policy import PACKAGED


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """The packaged policy with the purposes and places of the toy's platforms."""
    document = yaml.safe_load(PACKAGED.read_text())
    document["imports"]["onetrust"] |= {"purposes": {ANALYTICS: "analytics"}, "account": ["dataElements.AccountId"]}
    document["imports"]["ketch"]["purposes"] = {"analytics": "analytics"}
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(document))
    return path


def test_refusals_are_named_without_a_value_and_the_rest_is_counted(cli: Cli, tmp_path: Path, words: Path) -> None:
    marked = [receipt(test=True), receipt(dataElements={"AccountId": "someone@example.org"}), "{cut"] * 10
    write(tmp_path / "a.jsonl", *marked, receipt(purpose("HUH"), purpose(theirs="else")))
    done = cli("import", "onetrust", "a.jsonl", "--out", "landing", "--policy", words)
    assert done.returncode == 0
    lines = done.stderr.splitlines()
    assert lines[0].startswith("refused: a.jsonl, line 1: test_data: marked as a test")
    assert lines[1].startswith("refused: a.jsonl, line 2: email_as_account: ")
    assert lines[-1] == "refused: 10 more; --json names them all"
    assert "someone" not in done.stderr + done.stdout
    assert "acc-1" not in done.stderr + done.stdout
    facts = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if ":" not in line)
    assert (facts["documents"], facts["imported"], facts["refused"]) == ("31", "1", "30")
    for line in ("consents: denied 1", "unknown_state 1", "unmapped: else 1"):
        assert line in " ".join(done.stdout.split())


def test_an_import_of_nothing_but_refused_documents_fails_and_writes_nothing(
    cli: Cli, tmp_path: Path, words: Path
) -> None:
    write(tmp_path / "a.jsonl", request("CorrectionRequest"), {"kind": "?"})
    arguments = ("import", "ketch", "a.jsonl", "--out", "landing", "--policy", words)
    done = cli(*arguments, "--json")
    assert done.returncode == 1
    assert done.stderr == "media-privacy: all 2 documents were refused: nothing was written\n"
    assert json.loads(done.stdout)["refused"][1] == {"file": "a.jsonl", "place": "line 2", "rule": "unsupported_kind"}
    assert not (tmp_path / "landing").exists()


def test_what_cannot_be_imported_is_wrong_usage(cli: Cli, tmp_path: Path, words: Path) -> None:
    write(tmp_path / "a.jsonl", receipt())
    given = ("--out", "l", "--policy", words)
    assert "no such file" in refused(cli("import", "ketch", "none", *given), 2)
    assert "not a public key" in refused(cli("import", "onetrust", "a.jsonl", *given, "--jwt-key", "a.jsonl"), 2)
    assert "No such option" in refused(cli("import", "ketch", "a.jsonl", *given, "--jwt-key", "a.jsonl"), 2)


def test_the_day_of_a_drop_is_today_unless_another_is_named(cli: Cli, tmp_path: Path, words: Path) -> None:
    write(tmp_path / "a.jsonl", receipt())
    before = datetime.now(UTC).date()
    cli("import", "onetrust", "a.jsonl", "--out", "now", "--policy", words)
    days = {folder.name for folder in (tmp_path / "now" / "consent_events").iterdir()}
    assert days <= {f"day={before}", f"day={datetime.now(UTC).date()}"}
    done = cli("import", "onetrust", "a.jsonl", "--out", "then", "--day", "2026-03-05", "--policy", words)
    assert f"{tmp_path / 'then' / 'consent_events' / 'day=2026-03-05'}/onetrust-" in done.stdout
