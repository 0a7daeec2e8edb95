"""The train step: metrics, champion, skipping, and what it does with next to nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from models_world import ALONE, FIRST, SPAN, World, rows_of

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models import training
from media_privacy_pipeline.models.base import Recommender
from media_privacy_pipeline.models.config import EvaluationConfig, IalsConfig, ModelsConfig
from media_privacy_pipeline.models.evaluation.judging import PER_VIEWER, Judged
from media_privacy_pipeline.models.evaluation.split import Split
from media_privacy_pipeline.models.recommenders import als, ials
from media_privacy_pipeline.models.steps import train
from media_privacy_pipeline.models.training import load_model, registry


def test_tastes_are_learned_better_than_popularity_and_the_manifest_says_from_what(session: Session) -> None:
    World().store(session)
    result = train(session, SPAN, ALONE)
    metrics = {(r["model"], r["metric"], r["k"]): r for r in rows_of(session, "model_metrics")}
    assert metrics["ials-minus-popularity", "ndcg", 10]["low"] > 0
    assert result.rows["model_metrics"] == len(metrics)
    stored = registry(session.settings.models).load(str(result.metadata["model"]))
    assert stored.manifest["kind"] == "ials"
    assert stored.manifest["epsilon"] is None
    assert sorted(stored.manifest["partitions"]) == [day.isoformat() for day in SPAN.days]
    assert sum(day["rows"] for day in stored.manifest["partitions"].values()) == len(World().events())
    assert stored.manifest["first_day"] == FIRST.isoformat()
    assert stored.manifest["split_day"] > FIRST.isoformat()
    assert stored.manifest["viewers"] == World().viewers
    assert json.dumps(stored.manifest).find(World().key("training", 0)) == -1


def test_a_second_run_on_the_same_rows_does_nothing(session: Session) -> None:
    World().store(session)
    first = train(session, SPAN, ALONE)
    champion = registry(session.settings.models).champion()
    again = train(session, SPAN, ALONE)
    assert (first.skipped, again.skipped) == (False, True)
    assert again.rows == first.rows
    assert registry(session.settings.models).champion() == champion


def test_the_evaluation_never_learns_from_the_test_side(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    World().store(session)
    learned: list[set[tuple[str, str]]] = []
    fit = ials._train

    def spy(interactions, config):  # type: ignore[no-untyped-def]
        names = interactions.viewers.to_pylist()
        pairs = zip(interactions.rows, interactions.columns, strict=True)
        learned.append({(names[r], str(interactions.titles[c])) for r, c in pairs})
        return fit(interactions, config)

    monkeypatch.setattr(ials, "_train", spy)
    train(session, SPAN, ALONE)
    for_evaluation, for_service = learned
    late = {
        (r["viewer_key"], r["title_id"]) for r in rows_of(session, "training_interactions") if not r["plays_before"]
    }
    assert late
    assert not late & for_evaluation
    assert late <= for_service


def test_days_after_the_span_are_not_looked_at(session: Session) -> None:
    World().store(session)
    train(session, Span.of(FIRST, FIRST + timedelta(days=4)))
    plays = sum(int(row["plays"]) for row in rows_of(session, "training_interactions"))  # type: ignore[call-overload]
    assert plays == sum(day <= FIRST + timedelta(days=4) for _, _, day in World().events())


def test_without_two_days_metrics_are_absent_with_a_reason_and_the_model_is_there(session: Session) -> None:
    world = World(viewers=6)
    world.store(session)
    world.store_events(session, "training", [(v, world.title(v), FIRST) for v in range(6)])
    result = train(session, SPAN, ALONE)
    assert result.rows["model_metrics"] == 0
    assert "no viewer has titles on both sides" in str(result.metadata["evaluation"])
    assert registry(session.settings.models).champion() is not None


def test_without_anything_to_learn_from_the_champion_leaves_service(session: Session) -> None:
    world = World()
    world.store(session)
    train(session, SPAN, ALONE)
    world.store_events(session, "training", [])
    result = train(session, SPAN, ALONE)
    assert registry(session.settings.models).champion() is None
    assert registry(session.settings.models).names() == []
    assert "nothing may be learned from" in str(result.metadata["model"])
    assert train(session, SPAN, ALONE).skipped


def diverge(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no ials be trained from now on."""

    def half(side, solved, fixed, config, pool):  # type: ignore[no-untyped-def]
        return np.full_like(solved, np.nan), fixed

    monkeypatch.setattr(als, "_half", half)


def test_a_training_that_diverges_is_refused_and_the_champion_stays(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    World().store(session)
    train(session, SPAN, ALONE)
    champion = registry(session.settings.models).champion()
    diverge(monkeypatch)
    result = train(session, SPAN, ModelsConfig(contenders={}, keep_models=3))
    assert registry(session.settings.models).champion() == champion == result.metadata["model"]
    assert "the training diverged" in str(result.metadata["gate"])
    assert "permitted still" in str(registry(session.settings.models).decision())


def test_where_people_have_left_a_training_that_diverges_gives_way_to_the_floor(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()
    world.store(session)
    train(session, SPAN, ALONE)
    where = registry(session.settings.models)
    champion = where.champion()
    world.store_events(session, "training", world.events()[:-1])
    diverge(monkeypatch)
    result = train(session, SPAN, ALONE)
    assert where.champion() not in (None, champion)
    assert result.metadata["serves"] == "popularity"
    assert "the training diverged" in str(result.metadata["gate"])
    assert where.load(str(where.champion())).manifest["pairs"] == result.metadata["pairs"]


def by_length_of_name(model: Recommender, split: Split, config: EvaluationConfig, also: Sequence[int]) -> Judged:
    """Figures in which Popularity is ahead of Ials for every viewer."""
    values = np.full(len(split.test), float(len(type(model).__name__)))
    return Judged({(metric, k): values for metric in PER_VIEWER for k in (*config.ks, *also)}, {})


def test_a_champion_that_falls_behind_popularity_gives_way_to_it(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    World().store(session)
    assert train(session, SPAN, ALONE).metadata["serves"] == "ials"
    monkeypatch.setattr(training, "judged", by_length_of_name)
    result = train(session, SPAN, ModelsConfig(contenders={}, keep_models=3))
    assert result.metadata["serves"] == "popularity"
    assert "it is behind popularity" in str(result.metadata["gate"])
    served = load_model(registry(session.settings.models), str(result.metadata["model"]))
    assert type(served).__name__ == "Popularity"


def test_a_new_configuration_that_loses_is_refused_and_the_champions_own_is_trained_on_tonights_people(
    session: Session,
) -> None:
    world = World()
    world.store(session)
    first = train(session, SPAN, ALONE)
    world.store_events(session, "training", [e for e in world.events() if e[0] != 0])
    # A factor alone cannot tell four tastes apart.
    poor = ModelsConfig(contenders={}, ials=IalsConfig(factors=1, regularisation=1e6))
    result = train(session, SPAN, poor)
    where = registry(session.settings.models)
    stored = where.load(str(where.champion())).manifest
    assert where.champion() != first.metadata["model"]
    assert stored["config"] == ModelsConfig().ials.model_dump(mode="json")
    assert stored["viewers"] == world.viewers - 1
    tried = {each["outcome"]: each for each in stored["gate"]["tried"]}
    assert tried.keys() == {"kept", "refused"}
    assert "not shown to be ahead of popularity" in tried["refused"]["reason"]
    assert tried["refused"]["lead"][1] <= 0
    assert where.decision() == stored["gate"] == result.metadata["gate"]


def test_a_damaged_champion_is_trained_again(session: Session) -> None:
    World(viewers=24).store(session)
    train(session, SPAN, ALONE)
    where = registry(session.settings.models)
    champion = str(where.champion())
    (where.root / champion / "arrays.npz").write_bytes(b"")
    assert not train(session, SPAN, ALONE).skipped
    assert where.champion() == champion
    assert where.is_whole(champion)


def test_old_models_are_deleted(session: Session) -> None:
    World(viewers=24).store(session)
    for seed in range(4):
        train(session, SPAN, ModelsConfig(ials=IalsConfig(seed=seed), keep_models=2))
    assert len(registry(session.settings.models).names()) == 2
