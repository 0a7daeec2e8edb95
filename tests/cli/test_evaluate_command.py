"""`evaluate` and `tune` from the command line: tables, JSON, what is refused, and that nobody is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli_result import refused


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


def test_what_cannot_be_is_said(cli, ratings: Path, tmp_path: Path) -> None:
    assert "give --data, which the protocol parts" in refused(cli("evaluate"), 2)
    assert "--protocol: Input should be" in refused(cli("evaluate", "--data", "u.data", "--protocol", "best"), 2)
    assert "--model gpt: there is no such model" in refused(cli("evaluate", "--data", "u.data", "--model", "gpt"), 2)
    assert "--k 0: expected whole numbers" in refused(cli("evaluate", "--data", "u.data", "--k", "0"), 2)
    assert "--test-share" in refused(cli("evaluate", "--data", "u.data", "--test-share", "1.5"), 2)
    ratings.write_text(ratings.read_text() + "person00\tfilm99\tNaN\t5\n")
    message = refused(cli("evaluate", "--data", "u.data"), 1)
    assert "u.data: row 289: the rating is no finite number" in message
    assert "person" not in message
    assert "film" not in message
