"""`media-privacy search` finds titles of the published index, as people type them."""

from __future__ import annotations

import json

from cli_fixture import Cli, Night
from cli_result import refused

from media_privacy_pipeline.published import open_release


def test_a_title_is_found_by_its_name_with_a_typo(night: Night, cli: Cli) -> None:
    names = open_release(night.home).arrow("search_titles").column("name").to_pylist()
    asked = names[0].replace("The ", "the").upper()
    document = json.loads(cli("search", asked, "--home", night.home, "--json").stdout)
    assert document["hits"][0]["name"] == names[0]
    assert names[0] in cli("search", asked, "--home", night.home, "--limit", "1").stdout


def test_what_finds_nothing_says_so(night: Night, cli: Cli) -> None:
    done = cli("search", "?!", "--home", night.home)
    assert (done.returncode, done.stdout) == (0, "")
    assert "nothing is like this" in done.stderr


def test_no_title_at_all_is_no_question(night: Night, cli: Cli) -> None:
    assert "--limit" in refused(cli("search", "x", "--home", night.home, "--limit", "0"), 2)
