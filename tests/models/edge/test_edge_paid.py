"""The bundle of a home is made of what its ledger paid for, to the last number, and of nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from models_world import SPAN, World, rows_of

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.edge.paid import paid_factors
from media_privacy_pipeline.models.private import crowd, step
from media_privacy_pipeline.models.private.config import PrivateAlsConfig, improved
from media_privacy_pipeline.models.recommenders.popularity import Popularity
from media_privacy_pipeline.privacy.accountant import epsilon_of
from media_privacy_pipeline.release_policy import Budget, FactorsStatement


def all_titles(mu: float, lead_share: float) -> PrivateAlsConfig:
    # Ten times what the comparison is paid in earnest: the lead is then far beyond what noise could take of it.
    return improved(mu, 10 * lead_share).model_copy(update={"head_share": 1.0})


def ask(session: Session, mu: float) -> Budget:
    """Let the policy pay this for factors; its budget."""
    statement = FactorsStatement(title="Alike", mu=mu, months=3)
    budget = session.policy.releases.budget.model_copy(update={"families": {}})
    releases = session.policy.releases.model_copy(update={"factors": statement, "budget": budget})
    vars(session)["policy"] = session.policy.model_copy(update={"releases": releases})
    return releases.budget


def test_the_factors_are_those_that_similar_titles_was_made_of(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    World(viewers=1200).store(session)
    monkeypatch.setattr(step, "improved", all_titles)
    budget = ask(session, 1.2)
    with pytest.raises(Refused, match="no private factors were trained here yet"):
        paid_factors(session.settings, budget)
    step.liken(session, SPAN)
    # Whoever left since, and whatever they watched: only what was released is read.
    for table in ("permitted_training_viewing_events", "training_interactions"):
        session.lake.delete(table)
    found = paid_factors(session.settings, budget)
    assert (found.epsilon, found.delta) == (epsilon_of(1.2, budget.delta), budget.delta)
    place = {str(title): n for n, title in enumerate(found.titles)}
    directions = found.factors / np.linalg.norm(found.factors, axis=1, keepdims=True)
    rows = rows_of(session, step.TABLE)
    assert len(rows) > 100
    for row in rows:
        cosine = directions[place[str(row["title_id"])]] @ directions[place[str(row["similar_title_id"])]]
        assert cosine == pytest.approx(row["score"], abs=1e-5)
    again = paid_factors(session.settings, budget)
    assert (again.model, again.factors.tobytes()) == (found.model, found.factors.tobytes())
    part = next((session.settings.home / "privacy" / "releases" / step.TABLE).glob("*.counts.parquet"))
    part.write_bytes(part.read_bytes() + b" ")
    with pytest.raises(Refused, match="lost or was changed"):
        paid_factors(session.settings, budget)


def test_what_lost_to_popularity_or_was_not_paid_to_its_end_is_refused(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    World(viewers=1200).store(session)
    # Noise makes up for a hundred accounts that lose less often than once in 100,000 times.
    monkeypatch.setattr(
        crowd, "recalls", lambda model, split: np.full(len(split.test), float(isinstance(model, Popularity)))
    )
    budget = ask(session, 0.18)
    step.liken(session, SPAN)
    with pytest.raises(Refused, match="not ahead of noisy popularity"):
        paid_factors(session.settings, budget)
    # The plan of a quarter whose parts nobody paid for.
    plans = session.settings.models / "private"
    plan = next(plans.glob("*.json"))
    later = step.Plan.model_validate_json(plan.read_bytes()).model_copy(update={"period": "2027-01"})
    plan.unlink()
    (plans / "2027-01.json").write_text(later.model_dump_json())
    with pytest.raises(Refused, match="paid for to its end"):
        paid_factors(session.settings, budget)
