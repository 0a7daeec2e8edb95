"""`evaluate` and `tune` from the command line: tables, JSON, what is refused, and that nobody is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_result import refused
from typer.testing import CliRunner

from media_privacy_pipeline.cli.app import app
from media_privacy_pipeline.errors import UsageError


@pytest.fixture
def ratings(tmp_path: Path) -> Path:
    """Thirty-six people in three circles of taste."""
    random = np.random.default_rng(2)
    rows = [
        f"person{u:02d}\tfilm{(u % 3) * 12 + int(t):02d}\t{3 + int(t) % 3}\t{1000 + n * 40 + u}"
        for u in range(36)
        for n, t in enumerate(random.permutation(12)[:8])
    ]
    (tmp_path / "u.data").write_text("\n".join(rows) + "\n")
    return tmp_path / "u.data"


def test_tune_and_evaluate_from_one_file(cli, ratings: Path, tmp_path: Path) -> None:
    common = ("--data", "u.data", "--protocol", "leave-last-out")
    tuned = cli("tune", *common, "--model", "ials", "--record", "r.jsonl", "--trials", "2", "--k", "5", "--json")
    assert tuned.returncode == 0, tuned.stderr
    assert tuned.stderr == ""
    done = cli("evaluate", *common, "--config", "r.jsonl", "--k", "5,99", "--resamples", "50", "--out", "all.json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "quiet where it is piped"
    assert "ials - popularity" in done.stdout
    assert "note: the catalogue has 36 titles" in done.stdout
    title = done.stdout.splitlines()[0]
    assert title.startswith("leave-last-out: 36 users")
    assert title.endswith("and 36 titles"), "whole, however narrow the table is"
    text = (tmp_path / "all.json").read_text()
    document: dict[str, Any] = json.loads(text)
    assert document["models"][0]["config"] == json.loads(tuned.stdout)["config"]
    assert document["counts"]["tested_users"] == 36
    assert document["split"]["seed"] == 7
    assert document["files"][0]["form"] == "tab"
    figures = {(m["model"], m["metric"], m["k"]): m["value"] for m in document["metrics"]}
    assert figures["ials", "recall", 5] > figures["popularity", "recall", 5]
    assert figures["ials", "recall", 99] == 1, "every unseen title is listed, and so the one that is asked for"
    assert not any(value in text + done.stdout for value in ("person", "film"))


def test_a_broken_row_is_refused_without_its_values(cli, ratings: Path) -> None:
    ratings.write_text(ratings.read_text() + "person00\tfilm99\tNaN\t5\n")
    message = refused(cli("evaluate", "--data", "u.data"), 1)
    assert "u.data: row 289: the rating is no finite number" in message
    assert "person" not in message
    assert "film" not in message


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "give --data, which the protocol parts"),
        (["--data", "u.data", "--train", "u.data"], "give --data, which the protocol parts"),
        (["--data", "u.data", "--protocol", "best"], "--protocol: Input should be"),
        (["--data", "u.data", "--model", "gpt"], "--model gpt: there is no such model"),
        (["--data", "u.data", "--model", ","], "--model: name at least one model"),
        (["--data", "u.data", "--k", "0"], "--k 0: expected whole numbers"),
        (["--data", "u.data", "--k", "ten"], "--k ten: expected whole numbers"),
        (["--data", "u.data", "--test-share", "1.5"], "--test-share: Input should be less than 1"),
        (["--data", "u.data", "--repeats", "first"], "--repeats first: there are refuse and last"),
        (["--data", "u.data", "--config", "none.json"], "none.json: the configuration cannot be read"),
    ],
)
def test_what_cannot_be_is_said(given: list[str], said: str) -> None:
    found = CliRunner().invoke(app, ["evaluate", *given])
    assert isinstance(found.exception, UsageError)
    assert said in str(found.exception)
