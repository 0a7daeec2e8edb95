"""similar_titles: trained and paid for once a quarter, told only where it beats noisy popularity."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from models_world import FIRST, SPAN, World, bytes_of, rows_of

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.models.private import crowd, step
from media_privacy_pipeline.models.private.config import PrivateAlsConfig, improved
from media_privacy_pipeline.models.private.paying import part_names
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.privacy.open import open_desk
from media_privacy_pipeline.release_policy import FactorsStatement


def ask(session: Session, mu: float | None) -> None:
    """Let the policy pay for factors at this cost, or for none."""
    statement = None if mu is None else FactorsStatement(title="Alike", mu=mu, months=3)
    budget = session.policy.releases.budget.model_copy(update={"families": {}})
    releases = session.policy.releases.model_copy(update={"factors": statement, "budget": budget})
    vars(session)["policy"] = session.policy.model_copy(update={"releases": releases})


def charges(session: Session) -> list[tuple[str, float]]:
    desk = open_desk(session)
    try:
        return [(charge.partition, charge.spend.mu) for charge in desk.ledger.charges(step.TABLE)]
    finally:
        desk.ledger.close()


@pytest.fixture
def world(session: Session) -> World:
    return World(viewers=1200).store(session)


@pytest.fixture
def told(session: Session, world: World, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A small world, with less noise than any budget pays for, and all of its titles in the head."""
    monkeypatch.setattr(step, "improved", all_titles)
    ask(session, 1.2)
    step.liken(session, SPAN)
    return session


def all_titles(mu: float, lead_share: float) -> PrivateAlsConfig:
    # Ten times what the comparison is paid in earnest: the lead is then far beyond what noise could take of it.
    return improved(mu, 10 * lead_share).model_copy(update={"head_share": 1.0})


def test_titles_of_a_genre_are_alike(told: Session, world: World) -> None:
    rows = rows_of(told, step.TABLE)
    genre = {world.title(n): world.genre(n) for n in range(world.titles)}
    first = [genre[str(row["title_id"])] == genre[str(row["similar_title_id"])] for row in rows if row["rank"] == 1]
    assert len(first) == world.titles
    assert sum(first) > 0.8 * len(first)


def test_a_quarter_pays_once_within_the_policys_mu_and_tells_the_same_ever_after(told: Session) -> None:
    paid, before = charges(told), bytes_of(told, step.TABLE)
    assert [partition for partition, _ in paid] == [f"2026-01.{part}" for part in part_names(all_titles(1.2, 0.02))]
    assert 0.99 * 1.2**2 < sum(mu**2 for _, mu in paid) <= 1.2**2 * (1 + 1e-9)
    World(viewers=300, seed=5).store(told)
    assert step.liken(told, SPAN).skipped
    assert charges(told) == paid
    assert bytes_of(told, step.TABLE) == before


def test_factors_that_lose_to_noisy_popularity_are_not_told_and_the_reason_is(
    session: Session, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Noise makes up for a hundred accounts that lose less often than once in 100,000 times."""
    monkeypatch.setattr(
        crowd, "recalls", lambda model, split: np.full(len(split.test), float(isinstance(model, Popularity)))
    )
    ask(session, 0.18)
    result = step.liken(session, SPAN)
    assert rows_of(session, step.TABLE) == []
    assert "not ahead of noisy popularity" in str(result.metadata["decision"])
    assert len(charges(session)) == 3


def test_where_the_policy_pays_for_none_nothing_is_trained(session: Session, world: World) -> None:
    ask(session, None)
    assert step.liken(session, SPAN).metadata["reason"] == "the policy pays for no private factors"
    assert rows_of(session, step.TABLE) == []
    assert charges(session) == []


def test_before_its_days_are_at_hand_a_quarter_waits(session: Session, world: World) -> None:
    ask(session, 0.18)
    result = step.liken(session, Span.of(FIRST, FIRST + timedelta(days=2)))
    assert "arrival days" in str(result.metadata["reason"])
    assert charges(session) == []
