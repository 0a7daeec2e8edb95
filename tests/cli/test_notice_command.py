"""`media-privacy notice` writes the papers of a policy, without a home; a run writes them beside its report."""

from __future__ import annotations

import json
from pathlib import Path

import yaml
from cli_fixture import Cli, Night
from cli_result import refused

from media_privacy_pipeline.policy import PACKAGED

NAMES = ["DATA_COLLECTION.md", "DATA_COLLECTION.json", "PROCESSING_RECORD.md", "PROCESSING_RECORD.json"]


def test_the_papers_are_written_where_asked_and_beside_the_report(night: Night, cli: Cli, tmp_path: Path) -> None:
    done = cli("notice", "--out", "papers")
    assert done.stdout.splitlines() == [str(tmp_path / "papers" / name) for name in NAMES]
    for name in NAMES:
        written = (tmp_path / "papers" / name).read_bytes()
        assert (night.home / "reports" / "latest" / name).read_bytes() == written
    assert not (tmp_path / "home").exists()
    assert json.loads((tmp_path / "papers" / NAMES[1]).read_text())["tables"]
    assert "DATA_COLLECTION.md" in (night.home / "reports" / "latest" / "index.html").read_text()


def test_a_policy_that_does_not_fit_the_contracts_is_a_wrong_request(cli: Cli, tmp_path: Path) -> None:
    document = yaml.safe_load(PACKAGED.read_text())
    document["purposes"]["training"]["columns"]["viewing_events"]["title_id"] = "decade"
    (tmp_path / "policy.yaml").write_text(yaml.safe_dump(document))
    told = refused(cli("notice", "--out", "papers", "--policy", tmp_path / "policy.yaml"), 2)
    assert "purposes.training.columns.viewing_events.title_id: decade is for a year" in told
    assert not (tmp_path / "papers").exists()
