"""Recency does something at night: rows know the day of the latest play, and a recipe that fades learns otherwise."""

from __future__ import annotations

from datetime import date, datetime
from shutil import rmtree

import numpy as np
from models_world import QUICK, SPAN, World, rows_of

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.inputs import read, training_interactions, weighed
from media_privacy_pipeline.models.recommenders.config import IalsConfig
from media_privacy_pipeline.models.serving.served import Served
from media_privacy_pipeline.models.steps import recommend, train
from media_privacy_pipeline.models.training import registry, split_of

FADING = QUICK.model_copy(
    update={"ials": IalsConfig.model_validate({**QUICK.ials.model_dump(), "threads": 1, "learned_half_life_days": 3.0})}
)


def test_the_latest_day_of_each_pair_is_kept_on_both_sides_of_the_split(session: Session) -> None:
    world = World(viewers=24).store(session)
    learned = training_interactions(session, SPAN, QUICK.evaluation)
    assert learned.split is not None
    whole: dict[tuple[str, str], date] = {}
    early: dict[tuple[str, str], date] = {}
    for viewer, title, day in world.events():
        pair = (world.key("training", viewer), title)
        whole[pair] = max(day, whole.get(pair, day))
        if day < learned.split:
            early[pair] = max(day, early.get(pair, day))
    rows = learned.rows.to_pylist()
    assert {(row["viewer_key"], row["title_id"]): row["last_played"] for row in rows} == whole
    before = {(r["viewer_key"], r["title_id"]): r["last_played_before"] for r in rows if r["plays_before"]}
    assert before == early
    made = weighed(learned.rows, QUICK.confidence)
    assert made.ages is not None
    names = np.array(made.viewers.to_pylist())[made.rows].tolist()
    newest = max(whole.values())
    wanted = [(newest - whole[pair]).days for pair in zip(names, made.titles[made.columns].tolist(), strict=True)]
    assert made.ages.tolist() == wanted
    train_side = split_of(learned.rows, QUICK).train
    assert train_side.ages is not None
    assert train_side.ages.max() == (max(early.values()) - min(early.values())).days
    assert not any(isinstance(value, datetime) for row in rows for value in row.values())


def test_a_recipe_that_fades_makes_another_model_of_the_same_night(session: Session) -> None:
    World().store(session)
    factors = []
    for config in (QUICK, FADING):
        # As a first night: no champion whose recipe would hold its place.
        rmtree(session.settings.models, ignore_errors=True)
        name = str(train(session, SPAN, config).metadata["model"])
        stored = registry(session.settings.models).load(name)
        assert stored.manifest["config"]["learned_half_life_days"] == config.ials.learned_half_life_days
        factors.append(stored.arrays["factors"])
    assert factors[0].shape == factors[1].shape
    assert np.abs(factors[0] - factors[1]).max() > 1e-3


def test_histories_that_are_served_know_their_ages(session: Session) -> None:
    world = World(viewers=24).store(session)
    recommend(session, SPAN, QUICK)
    histories = Served.tonight(session, SPAN, QUICK).histories
    assert histories.ages is not None
    days = {
        (r["viewer_key"], r["title_id"]): r["last_played"] for r in rows_of(session, "personalisation_interactions")
    }
    assert len(days) == histories.pairs
    newest = max(day for _, _, day in world.events())
    assert histories.ages.max() == (newest - min(days.values())).days  # type: ignore[operator, type-var]
    assert read(session, "personalisation_interactions", ["last_played"]).column(0).null_count == 0
