"""A catalogue that shrank since training, and ids that nobody knows: defined answers."""

from __future__ import annotations

import numpy as np
import pytest
from models_world import FIRST, QUICK, SPAN, World, rows_of

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.models.interactions import Interactions
from media_privacy_pipeline.models.steps import recommend, train
from media_privacy_pipeline.models.training import load_model, registry

WORLD = World(viewers=120, titles=24)


@pytest.fixture
def trained(session: Session) -> Session:
    WORLD.store(session)
    assert train(session, SPAN, QUICK).metadata["serves"] == "ials"
    return session


def test_what_left_the_catalogue_is_listed_no_more_and_a_history_of_it_counts_still(trained: Session) -> None:
    World(viewers=120, titles=12).store_titles(trained)
    recommend(trained, SPAN)
    rows = rows_of(trained, "recommendations")
    assert rows
    assert {str(row["title_id"]) for row in rows} <= {WORLD.title(n) for n in range(12)}
    assert {str(row["reason_title_id"]) for row in rows} & {WORLD.title(n) for n in range(12, 24)}


def test_an_empty_catalogue_gives_empty_lists(trained: Session) -> None:
    World(titles=0).store_titles(trained)
    recommend(trained, SPAN)
    assert rows_of(trained, "recommendations") == []


def test_titles_that_came_since_training_are_left_out_of_a_history(trained: Session) -> None:
    events = WORLD.events()
    WORLD.store_events(trained, "personalisation", [*events, (0, "t999", FIRST)])
    model = load_model(registry(trained.settings.models), str(registry(trained.settings.models).champion()))
    known = Interactions.of(["v", "v"], ["t001", "t002"])
    other = Interactions.of(["v", "v", "v"], ["t001", "t002", "t999"])
    one, two = model.recommend(known, 5), model.recommend(other, 5)
    assert np.array_equal(one.titles, two.titles)
    assert np.array_equal(one.scores, two.scores)
    recommend(trained, SPAN)
    assert "t999" not in {row["title_id"] for row in rows_of(trained, "recommendations")}


def test_an_unknown_title_asked_for_by_name_is_an_error_that_says_so(trained: Session) -> None:
    model = load_model(registry(trained.settings.models), str(registry(trained.settings.models).champion()))
    for ask in (lambda: model.similar("t999", 3), lambda: model.explain({"t001": 1.0}, "t999")):
        with pytest.raises(UsageError, match="does not know the title 't999'"):
            ask()
    assert model.explain({"t999": 1.0}, "t001").contributions == {}
