"""Private models in `evaluate`: a promise in, the floor beside them, and what is told of noise."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from media_privacy_pipeline.cli.app import app
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.evaluation.promised import DELTA


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two hundred people in three circles of taste: what is learned from, what is known, what is asked for."""
    random = np.random.default_rng(2)
    parts: dict[str, list[str]] = {"train": [], "known": [], "test": []}
    for u in range(240):
        titles = [f"film{(u % 3) * 12 + int(t):02d}" for t in random.permutation(12)[:8]]
        sides = {"train": titles} if u < 200 else {"known": titles[:6], "test": titles[6:]}
        for side, own in sides.items():
            parts[side] += [f"person{u:03d},{title},5" for title in own]
    for side, rows in parts.items():
        (tmp_path / f"{side}.csv").write_text("\n".join(["user,item,rating", *rows]) + "\n")
    (tmp_path / "fixed.json").write_text(json.dumps({"model": "private_als", "config": {"mu": 3.0, "gram_share": 0.3}}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


GIVEN = ["evaluate", "--train", "train.csv", "--test", "test.csv", "--fold-in", "known.csv", "--protocol", "liang"]
QUICK = ["--k", "5", "--resamples", "20"]


def test_the_promise_the_floor_and_the_noise_are_told(files: Path) -> None:
    asked = ["--model", "private_als", "--epsilon", "60", "--delta", "1e-5", "--out", "all.json"]
    done = CliRunner().invoke(app, [*GIVEN, *QUICK, *asked])
    assert done.exit_code == 0, done.output
    document = json.loads((files / "all.json").read_text())
    assert [each["model"] for each in document["models"]] == ["private_als", "private_popularity"]
    kept = document["privacy"]["models"]
    assert [each["epsilon"] for each in kept] == [60, 60]
    assert {each["delta"] for each in kept} == {1e-5}
    assert {each["config"]["mu"] for each in document["models"]} == {each["mu"] for each in kept}
    for said in ("differentially private for each user, delta 1e-05", "these figures differ from run to run"):
        assert said in done.output
    assert "above 1 / users" not in done.output
    assert "person" not in done.output


def test_the_cost_of_a_configuration_is_told_as_epsilon(files: Path) -> None:
    done = CliRunner().invoke(app, [*GIVEN, *QUICK, "--model", "popularity", "--config", "fixed.json", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert [each["model"] for each in document["models"]] == ["popularity", "private_als", "private_popularity"]
    assert document["privacy"]["models"][0]["mu"] == document["privacy"]["models"][1]["mu"] == 3.0
    assert 14 < document["privacy"]["models"][0]["epsilon"] < 20


def test_a_delta_that_gives_people_away_is_said(files: Path) -> None:
    done = CliRunner().invoke(app, [*GIVEN, *QUICK, "--model", "private_popularity", "--epsilon", "1", "--delta", ".1"])
    assert done.exit_code == 0, done.output
    assert "delta is above 1 / users" in done.output


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([*GIVEN, "--model", "private_als"], "private_als: say what it may cost each user with --epsilon"),
        ([*GIVEN, "--model", "private_als", "--epsilon", "0"], "--epsilon 0: expected a number above 0"),
        ([*GIVEN, "--model", "private_als", "--epsilon", "1", "--delta", "1"], "--delta 1: expected a number"),
        ([*GIVEN, "--epsilon", "1"], "--epsilon and --delta are for private models"),
        ([*GIVEN, "--epsilon", "1", "--config", "fixed.json"], "the --config of private_als says what it costs"),
        (["tune", "--data", "train.csv", "--record", "r", "--model", "private_als"], "its settings are fixed"),
    ],
)
def test_what_no_promise_can_be_made_of_is_refused(files: Path, given: list[str], said: str) -> None:
    found = CliRunner().invoke(app, given)
    assert isinstance(found.exception, UsageError)
    assert said in str(found.exception)


def test_the_delta_of_the_help_is_the_one_that_is_taken() -> None:
    found = CliRunner().invoke(app, ["evaluate", "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"})
    assert f"[default: ({DELTA:g})]" in found.output
