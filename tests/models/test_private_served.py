"""Private factors in service: by the policy alone, where they beat noisy popularity, and at no further cost."""

from __future__ import annotations

import numpy as np
import pytest
from models_world import GENRES, QUICK, SPAN, World, rows_of
from private_world import MU, let, quietly
from pydantic import ValidationError

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.config import ModelsConfig
from media_privacy_pipeline.models.inputs import COUNTS
from media_privacy_pipeline.models.moving import promote, standing
from media_privacy_pipeline.models.private import crowd, step
from media_privacy_pipeline.models.recipes import recipe_of
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.models.steps import recommend, train
from media_privacy_pipeline.models.training import registry
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.privacy.open import open_desk

WORLD = World(viewers=900, plays=10)


def paid(session: Session) -> list[str]:
    desk = open_desk(session)
    try:
        return [charge.partition for charge in desk.ledger.charges(step.TABLE)]
    finally:
        desk.ledger.close()


@pytest.fixture
def home(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    WORLD.store(session)
    quietly(monkeypatch)
    let(session)
    return session


def test_the_policy_puts_paid_factors_in_service_and_takes_them_out_again(home: Session) -> None:
    where = registry(home.settings.models)
    train(home, SPAN, QUICK)
    step.liken(home, SPAN)
    not_private = str(where.champion())
    (private,) = set(where.names()) - {not_private}
    assert standing(home, where, private).state == "spare"
    charges = paid(home)

    let(home, models="private")
    assert "private models alone serve, and it is not private" in str(standing(home, where, not_private).against)
    recommend(home, SPAN, QUICK)
    assert rows_of(home, "recommendations") == [], "not even before the night trained"
    told = train(home, SPAN, QUICK).metadata
    assert told["serves"] == "none"
    assert where.names() == [private], "what is not private is destroyed"
    assert train(home, SPAN, QUICK).skipped
    step.liken(home, SPAN)
    assert where.champion() == private
    recommend(home, SPAN, QUICK)
    assert paid(home) == charges, "serving costs nothing"
    tried = (where.decision() or {})["tried"]
    assert [(each["kind"], each["outcome"]) for each in tried] == [("ials", "refused"), ("private_als", "promoted")]

    rows = [row for row in rows_of(home, "recommendations") if row["rank"] == 1]
    assert len(rows) == WORLD.viewers
    taste = {WORLD.key("personalisation", v): WORLD.taste(v) for v in range(WORLD.viewers)}
    right = sum(int(str(row["title_id"])[1:]) % len(GENRES) == taste[str(row["viewer_key"])] for row in rows)
    # With the noise of mu 1.2, a dozen sigmas below what was ever seen.
    assert right > 0.5 * WORLD.viewers
    assert all(row["reason_title_id"] is not None for row in rows)

    let(home)
    assert train(home, SPAN, QUICK).metadata["serves"] == "ials"
    assert private in where.names()


def test_a_model_tells_what_it_cost_and_lists_are_solved_from_it_and_ones_own_history_alone(home: Session) -> None:
    let(home, models="private")
    told = step.liken(home, SPAN).metadata
    where = registry(home.settings.models)
    stored, card = where.load(str(told["model"])), where.card(str(told["model"]))
    manifest, budget = stored.manifest, home.policy.releases.budget
    assert manifest["epsilon"] == epsilon_of(MU, budget.delta)
    assert (manifest["kind"], manifest["delta"], manifest["period"]) == ("private_als", budget.delta, "2026-01")
    assert [audit["passed"] for audit in manifest["audits"]] == [True] * 4
    # No exact figure about people is in what everybody may see.
    assert not {*COUNTS, "viewers", "pairs", "partitions"} & manifest.keys()
    assert card is not None
    for said in (
        f"mu {MU:g}",
        "ahead of noisy popularity",
        "Holds: the ledger has every part of it",
        "Serving it costs",
    ):
        assert said in card
    step.liken(home, SPAN)
    assert where.names() == [told["model"]], "the same parts make the same model"

    recommend(home, SPAN, QUICK)
    rows = [row for row in rows_of(home, "recommendations") if row["viewer_key"] == WORLD.key("personalisation", 7)]
    watched = {title for viewer, title, _ in WORLD.events() if viewer == 7}
    place = {str(title): n for n, title in enumerate(stored.arrays["titles"])}
    exact, config = stored.arrays["factors"].astype(np.float64), manifest["config"]
    own = exact[[place[title] for title in sorted(watched)]]
    held = config["regularisation"] * np.eye(exact.shape[1])
    vector = np.linalg.solve(config["unobserved"] * exact.T @ exact + held + own.T @ own, own.sum(axis=0))
    assert len(rows) == QUICK.serving.k
    for row in rows:
        assert row["score"] == pytest.approx(exact[place[str(row["title_id"])]] @ vector, abs=1e-9)

    with pytest.raises(Refused, match="a step of its own, which pays for it"):
        recipe_of(manifest).make()
    with pytest.raises(ValidationError):
        ModelsConfig.model_validate({"contenders": {"p": manifest["config"]}})


def test_factors_that_lose_are_refused_with_the_reason_and_nobody_is_served_by_them(
    home: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise makes up for a hundred accounts that lose less often than once in 100,000 times."""
    monkeypatch.setattr(
        crowd, "recalls", lambda model, split: np.full(len(split.test), float(isinstance(model, Popularity)))
    )
    let(home, models="private", mu=0.18)
    train(home, SPAN, QUICK)
    name = str(step.liken(home, SPAN).metadata["model"])
    where = registry(home.settings.models)
    assert where.champion() is None
    refused = (where.decision() or {})["tried"][-1]
    assert (refused["kind"], refused["outcome"]) == ("private_als", "refused")
    assert "not ahead of noisy popularity" in refused["reason"]
    assert standing(home, where, name).state == "behind popularity"
    with pytest.raises(Refused, match="not ahead of noisy popularity"):
        promote(home, where, name, "ann", "x")
    recommend(home, SPAN, QUICK)
    assert rows_of(home, "recommendations") == []
