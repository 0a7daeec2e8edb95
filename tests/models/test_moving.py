"""Moving the pointer by hand: what is refused and why, what a rollback keeps out, and that the log tells of it."""

from __future__ import annotations

import numpy as np
import pytest
from models_world import QUICK, SPAN, World

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.models.moving import barred_recipes, behind_floor, promote, rollback, standing
from media_privacy_pipeline.models.registry import Registry
from media_privacy_pipeline.models.steps import train
from media_privacy_pipeline.models.training import registry

WORLD = World(viewers=120, titles=24)
NEW = QUICK.model_copy(
    update={
        "ials": QUICK.ials.model_copy(update={"seed": 21}),
        "gate": QUICK.gate.model_copy(update={"margin": 0.9}),
        "keep_models": 4,
    }
)


@pytest.fixture
def where(session: Session) -> Registry:
    """Two nights: the second brought another recipe."""
    WORLD.store(session)
    train(session, SPAN, QUICK)
    train(session, SPAN, NEW)
    return registry(session.settings.models)


def test_a_rollback_goes_back_and_keeps_the_recipe_out_until_it_is_promoted_by_hand(
    session: Session, where: Registry
) -> None:
    first, second = (str(move.to) for move in where.moves.read())
    assert where.recipe(first) != where.recipe(second)
    assert rollback(session, where, "ann", "its lists repeat themselves") == first
    assert where.champion() == first
    last = where.moves.read()[-1]
    assert (last.by, last.manner, last.origin, last.to) == ("ann", "rollback", second, first)
    assert last.why == "its lists repeat themselves"
    assert barred_recipes(where) == {where.recipe(second)}
    WORLD.store_events(session, "training", WORLD.events()[1:])
    told = train(session, SPAN, NEW).metadata["gate"]
    assert "taken out of service by hand" in str(told)
    assert where.recipe(where.champion()) == where.recipe(first)
    WORLD.store_events(session, "training", WORLD.events())
    assert promote(session, where, second, "ann", "it was the catalogue")
    assert barred_recipes(where) == frozenset()
    assert not promote(session, where, second, "ann", "again")


def test_nobody_comes_back_by_a_rollback_who_has_left(session: Session, where: Registry) -> None:
    champion, moves = where.champion(), where.moves.read()
    # One viewer of 120 withdraws.
    WORLD.store_events(session, "training", [event for event in WORLD.events() if event[0] != 7])
    with pytest.raises(Refused, match="not permitted any more as it was: people withdrew"):
        rollback(session, where, "ann", "I liked the old one")
    assert where.champion() == champion
    assert where.moves.read() == moves
    assert standing(session, where, str(moves[0].to)).state == "outdated"


def test_what_may_not_serve_is_refused_with_the_reason(session: Session, where: Registry) -> None:
    first, second = (str(move.to) for move in where.moves.read())
    with pytest.raises(UsageError, match="a reason in words"):
        promote(session, where, first, "ann", "  ")
    stored = where.load(first)
    figures = [{"model": "ials-minus-popularity", "metric": "ndcg", "k": 10, "value": -0.2, "low": -0.3, "high": -0.1}]
    worse = where.store(stored.arrays, {**stored.manifest, "metrics": figures})
    with pytest.raises(Refused, match="behind popularity"):
        promote(session, where, worse, "ann", "x")
    nan = where.store({**stored.arrays, "factors": np.full_like(stored.arrays["factors"], np.nan)}, stored.manifest)
    with pytest.raises(Refused, match="holds what is no number"):
        promote(session, where, nan, "ann", "x")
    short = where.store({**stored.arrays, "factors": stored.arrays["factors"][1:]}, stored.manifest)
    with pytest.raises(Refused, match="do not fit together"):
        promote(session, where, short, "ann", "x")
    strange = where.store(stored.arrays, {**stored.manifest, "kind": "oracle"})
    with pytest.raises(Refused, match="knows no models of the kind oracle"):
        promote(session, where, strange, "ann", "x")
    where.flag([first], "erasure 1")
    with pytest.raises(Refused, match="someone who was erased is in it"):
        rollback(session, where, "ann", "x")
    where.prune(9)
    with pytest.raises(Refused, match="not stored any more"):
        rollback(session, where, "ann", "x")
    assert where.champion() == second


def test_without_a_model_before_there_is_nothing_to_roll_back_to(session: Session) -> None:
    empty = registry(session.settings.models)
    with pytest.raises(Refused, match="no model is in service"):
        rollback(session, empty, "ann", "x")
    WORLD.store(session)
    train(session, SPAN, QUICK)
    with pytest.raises(Refused, match="no model was in service before"):
        rollback(session, empty, "ann", "x")


def test_a_private_model_holds_nobody_who_could_leave_and_the_night_leaves_it_in_service(
    session: Session, where: Registry
) -> None:
    manifest = {"kind": "popularity", "config": {}, "epsilon": 1.0, "metrics": []}
    private = where.store({"titles": np.array(["t000", "t001"]), "counts": np.array([3.5, 1.5])}, manifest)
    assert promote(session, where, private, "ann", "several people see it")
    WORLD.store_events(session, "training", WORLD.events()[20:])
    assert train(session, SPAN, QUICK).metadata["serves"] == "popularity"
    assert where.champion() == private
    assert standing(session, where, private).against is None


@pytest.mark.parametrize(("low", "high", "behind"), [(-0.2, -0.1, True), (-0.2, 0.1, False), (0.1, 0.2, False)])
def test_a_model_is_behind_popularity_only_by_the_whole_interval(low: float, high: float, behind: bool) -> None:
    lead = {"model": "ials-minus-popularity", "metric": "ndcg", "k": 10, "low": low, "high": high}
    assert behind_floor({"kind": "ials", "metrics": [lead]}) is behind
    assert not behind_floor({"kind": "ease", "metrics": [lead]})
