"""`media-privacy models`: what is listed and shown, what is refused, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

from cli_fixture import Cli, Night
from cli_result import refused


def test_models_are_listed_shown_and_moved_or_refused(cli: Cli, night: Night, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "mine")
    (listed,) = json.loads(cli("models", "list", "--home", home, "--json").stdout)
    name = listed["model"]
    assert (listed["state"], listed["against"], listed["epsilon"]) == ("in service", None, None)
    shown = cli("models", "show", "--home", home)
    assert shown.returncode == 0, shown.stderr
    assert name in shown.stdout
    assert "nightly run" in shown.stdout
    card = cli("models", "show", name[:8], "--card", "--home", home).stdout
    assert card == (home / "models" / "recommenders" / name / "README.md").read_text()
    again = cli("models", "promote", name[:8], "--reason", "to try it", "--home", home)
    assert (again.returncode, "was in service already" in again.stdout) == (0, True)
    told = refused(cli("models", "rollback", "--reason", "to try it", "--home", home), 1)
    assert "no model was in service before" in told
    assert "stands for no stored model" in refused(
        cli("models", "promote", "0" * 12, "--reason", "x", "--home", home), 2
    )
    assert "no model was trained here yet" in refused(cli("models", "show", "--home", tmp_path / "none"), 2)
    assert not (tmp_path / "none").exists()
