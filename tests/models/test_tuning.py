"""A search tries what its record lacks, keeps every trial, and ends with the best."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.models.config import IalsConfig
from media_privacy_pipeline.models.evaluation import tuning
from media_privacy_pipeline.models.evaluation.contenders import chosen, configured
from media_privacy_pipeline.models.evaluation.protocols import SplitConfig, split
from media_privacy_pipeline.models.evaluation.ratings import Ratings
from media_privacy_pipeline.models.evaluation.record import Record
from media_privacy_pipeline.models.evaluation.spaces import SPACES, candidate
from media_privacy_pipeline.models.evaluation.split import Split
from media_privacy_pipeline.models.evaluation.tuning import SearchConfig, tune
from media_privacy_pipeline.models.recommenders.ials import Ials


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is drawn, vectors are short and sweeps few: what is tried here is the search."""
    less = {"threads": 1, "factors": 4, "iterations": 2}
    monkeypatch.setattr(tuning, "make", lambda config: Ials(config.model_copy(update=less)))


@pytest.fixture(scope="module")
def validation() -> Split:
    random = np.random.default_rng(1)
    pairs = [(f"u{u:02d}", f"t{(u % 3) * 10 + t:02d}") for u in range(45) for t in random.permutation(10)[:6]]
    data = Ratings(pa.array([u for u, _ in pairs]), pa.array([t for _, t in pairs]))
    return split(data, SplitConfig(protocol="liang", validation_share=0.3), "validation")[0]


def search(record: Path, validation: Split, kind: str = "random", trials: int = 4) -> tuple[dict[str, Any], int]:
    """The chosen line, and how many trials were run for it."""
    told: list[Mapping[str, Any]] = []
    config = SearchConfig("ials", kind, trials, "ndcg", 3, 1, 20)  # type: ignore[arg-type]
    found = tune(validation, config, Record(record, {"of": kind, "trials": trials}), told.append)
    return found["chosen"], len(told)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("name", SPACES)
def test_what_a_space_draws_is_a_configuration_and_the_first_is_the_defaults(name: str) -> None:
    assert configured(name, candidate(SPACES[name], 1, 0), "defaults") == configured(name, {}, "defaults")
    drawn = [configured(name, candidate(SPACES[name], 1, n), "drawn") for n in range(1, 20)]
    assert len(set(map(repr, drawn))) > 15
    assert candidate(SPACES[name], 1, 7) == candidate(SPACES[name], 1, 7) != candidate(SPACES[name], 2, 7)


def test_the_best_trial_is_chosen_and_read_back(tmp_path: Path, validation: Split) -> None:
    path = tmp_path / "record.jsonl"
    found, ran = search(path, validation)
    tried = lines(path)
    assert ran == 4
    assert found["figure"] == max(line["figure"] for line in tried[1:-1])
    assert tried[-1] == {"chosen": found}
    kind, config = chosen(path)
    assert (kind, config.model_dump(mode="json")) == ("ials", found["config"])


def test_a_search_that_was_interrupted_goes_on_and_ends_alike(tmp_path: Path, validation: Split) -> None:
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    found, _ = search(whole, validation)
    kept = whole.read_text().splitlines(keepends=True)
    part.write_text("".join(kept[:3]) + kept[3][:20])
    with pytest.raises(UsageError, match="ends with no chosen configuration"):
        chosen(part)
    again, ran = search(part, validation)
    assert (again, ran) == (found, 2)
    assert search(part, validation) == (found, 0)
    assert [line.get("figure") for line in lines(part)] == [line.get("figure") for line in lines(whole)]


def test_halving_gives_fewer_candidates_more_viewers(tmp_path: Path, validation: Split) -> None:
    path = tmp_path / "record.jsonl"
    found, _ = search(path, validation, "halving", trials=9)
    tried = lines(path)[1:-1]
    rounds = {share: [line for line in tried if round(line["share"], 3) == share] for share in (0.111, 0.333, 1.0)}
    assert len(rounds[0.111]) == 9
    assert 3 <= len(rounds[0.333]) <= 4
    assert 1 <= len(rounds[1.0]) <= 3
    assert all(each[0]["trial"] == 0 for each in rounds.values()), "the defaults go through every round"
    assert found["figure"] == max(line["figure"] for line in rounds[1.0])
    best = sorted(rounds[0.111], key=lambda line: -line["figure"])[:3]
    assert {line["trial"] for line in rounds[0.333]} == {0, *(line["trial"] for line in best)}


def test_a_candidate_that_diverges_is_recorded_and_lost(
    tmp_path: Path, validation: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = Ials.fit

    def fails(model: Ials, interactions: Any) -> Ials:
        if model.config.regularisation == IalsConfig().regularisation:
            raise Refused("ials: the training diverged")
        return fit(model, interactions)

    monkeypatch.setattr(Ials, "fit", fails)
    found, _ = search(tmp_path / "record.jsonl", validation)
    assert found["trial"] > 0
    assert lines(tmp_path / "record.jsonl")[1]["refused"] == "ials: the training diverged"
    monkeypatch.setattr(Ials, "fit", lambda *_: fails(Ials(), None))
    with pytest.raises(Refused, match="no candidate could be trained"):
        search(tmp_path / "other.jsonl", validation)


def test_the_record_of_another_search_is_not_gone_on_with(tmp_path: Path, validation: Split) -> None:
    search(tmp_path / "record.jsonl", validation)
    with pytest.raises(UsageError, match=r"another search \(trials differ\)"):
        search(tmp_path / "record.jsonl", validation, trials=5)
    (tmp_path / "text").write_text("something else\n")
    with pytest.raises(Refused, match="not the record of a search"):
        Record(tmp_path / "text", {})
