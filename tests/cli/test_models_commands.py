"""`media-privacy models`: what is listed and shown, what is refused, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

from cli_fixture import Cli, Night
from cli_result import refused


def test_models_are_listed_shown_and_moved_or_refused(cli: Cli, night: Night, tmp_path: Path) -> None:
    home = night.copy(tmp_path / "mine")
    found = {each["kind"]: each for each in json.loads(cli("models", "list", "--home", home, "--json").stdout)}
    # What the night paid for is on the shelf, in service or not, with what it cost and what was decided of it.
    private = found.pop("private_als", None)
    if private is not None:
        assert 0 < private["epsilon"] < 2
        assert private["against"] is None or "noisy popularity" in private["against"]
        told = cli("models", "show", private["model"][:8], "--home", home).stdout
        assert "for each account, once" in told
        assert "the ledger has every part of it, paid for once: yes" in told
    (listed,) = found.values()
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
