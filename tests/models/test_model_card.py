"""A model card cannot lie: its figures are computed again from the stored model and the data; its form is the hub's."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import yaml
from models_world import SPAN, World

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.card import card
from media_privacy_pipeline.models.config import ConfidenceConfig, EvaluationConfig, ModelsConfig
from media_privacy_pipeline.models.evaluation.evaluate import evaluate, judged
from media_privacy_pipeline.models.evaluation.judging import Judged
from media_privacy_pipeline.models.evaluation.split import thinned
from media_privacy_pipeline.models.grouped import by_activity
from media_privacy_pipeline.models.inputs import read, weighed
from media_privacy_pipeline.models.recipes import FLOOR, FLOOR_RECIPE, recipe_of
from media_privacy_pipeline.models.registry import Registry, StoredModel
from media_privacy_pipeline.models.steps import train
from media_privacy_pipeline.models.training import registry, split_of
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import Project

Story = tuple[Session, Registry, StoredModel, str]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, project: Project) -> Story:
    folder = tmp_path_factory.mktemp("card")
    session = Session(Settings(home=folder / "home", landing=folder / "landing", memory_limit="1GB"))
    vars(session)["project"] = project
    World(viewers=160).store(session)
    train(session, SPAN)
    where = registry(session.settings.models)
    name = str(where.champion())
    text = where.card(name)
    assert text is not None
    return session, where, where.load(name), text


def front(text: str) -> dict[str, Any]:
    match = re.fullmatch(r"---\n(.*?\n)---\n\n# .*", text, re.DOTALL)
    assert match is not None
    found: dict[str, Any] = yaml.safe_load(match[1])
    return found


def test_every_figure_is_what_the_stored_model_and_data_give(story: Story) -> None:
    session, _, stored, text = story
    manifest = stored.manifest
    rows = read(session, "training_interactions", list(session.project.contracts["training_interactions"].types))
    config = ModelsConfig(
        confidence=ConfidenceConfig(**manifest["confidence"]), evaluation=EvaluationConfig(**manifest["evaluation"])
    )
    recipe, split, everything = recipe_of(manifest), split_of(rows, config), weighed(rows, config.confidence)
    again = recipe.make().fit(everything).state()
    assert again.keys() == stored.arrays.keys()
    for name, array in again.items():
        assert np.array_equal(array, stored.arrays[name]), name
    models = {recipe.kind: recipe.make().fit(split.train), FLOOR: FLOOR_RECIPE.make().fit(split.train)}
    computed = {(m.model, m.metric, m.k): m for m in evaluate(models, split, config.evaluation)}
    (result,) = front(text)["model-index"][0]["results"]
    assert len(result["metrics"]) == 12
    for figure in result["metrics"]:
        metric, _, k = figure["type"].partition("@")
        measured = computed[recipe.kind, metric, int(k)]
        assert figure["value"] == measured.value
        assert figure.get("args", {}) == ({} if measured.low is None else {"low": measured.low, "high": measured.high})
    for (model, metric, k), measured in computed.items():
        if model.startswith(recipe.kind) and measured.low is not None:
            line = f"| {metric}@{k} | {measured.value:.4f} | {measured.low:.4f} to {measured.high:.4f} |"
            assert line in text, (model, line)
    groups = by_activity(judged(models[recipe.kind], split, config.evaluation, [config.gate.k]), split, config)
    assert len(groups) == 3
    for group in groups:
        assert f"| {group['viewers']:,} | ndcg@10 | {group['value']:.4f} | {group['low']:.4f} to " in text
    told = f"{len(everything):,} viewers, {len(everything.titles):,} titles, {everything.pairs:,} pairs"
    assert told in text
    assert len(stored.arrays["titles"]) == manifest["titles"]


def test_the_front_matter_is_what_the_hub_documents(story: Story) -> None:
    found = front(story[3])
    assert (found["license"], found["license_name"], found["license_link"]) == ("other", "internal", "LICENSE")
    assert all(isinstance(tag, str) for tag in found["tags"])
    (model,) = found["model-index"]
    assert set(model) == {"name", "results"}
    (result,) = model["results"]
    assert set(result) == {"task", "dataset", "metrics"}
    assert {"type", "name"} <= set(result["task"])
    assert {"type", "name"} <= set(result["dataset"]) <= {"type", "name", "config", "split", "revision", "args"}
    for metric in result["metrics"]:
        assert (
            {"type", "value"} <= set(metric) <= {"type", "value", "name", "config", "args", "verified", "verifyToken"}
        )
        assert isinstance(metric["value"], float)


def test_it_has_the_sections_and_says_that_it_is_not_private_and_names_nobody(story: Story) -> None:
    _, _, stored, text = story
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert sections == ["Intended use", "Data", "Privacy", "Evaluation", "How it came into service", "Limits"]
    assert "Not private" in text
    assert "promoted, ahead of popularity" in text
    for viewer in range(160):
        assert World().key("training", viewer) not in text
    private = card({**stored.manifest, "epsilon": 1.0})
    assert "Differentially private for each account: epsilon 1" in private
    assert "private" in front(private)["tags"]


def test_a_model_that_was_not_measured_says_so_and_tells_no_figure(story: Story) -> None:
    bare = {**story[2].manifest, "metrics": [], "groups": [], "gate": {"tried": []}, "split_day": None}
    assert "model-index" not in front(card(bare))
    assert "Not measured" in card(bare)


def test_small_groups_are_not_told(story: Story) -> None:
    session, _, stored, _ = story
    rows = read(session, "training_interactions", list(session.project.contracts["training_interactions"].types))
    split = thinned(split_of(rows, ModelsConfig()), 9, 1)
    values = Judged({("ndcg", 10): np.zeros(len(split.test))}, {})
    assert stored.manifest["groups"]
    assert by_activity(values, split, ModelsConfig()) == []
