"""Private factors of the toy service, with less noise than any budget pays for and all of its titles in the head."""

from __future__ import annotations

import pytest

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.private import step
from media_privacy_pipeline.models.private.config import PrivateAlsConfig, improved
from media_privacy_pipeline.policy import ServingPolicy
from media_privacy_pipeline.release_policy import FactorsStatement

MU = 1.2


def all_titles(mu: float, lead_share: float) -> PrivateAlsConfig:
    """Ten times what the comparison is paid in earnest: the lead is then far beyond what noise could take of it."""
    return improved(mu, 10 * lead_share).model_copy(update={"head_share": 1.0})


def quietly(patch: pytest.MonkeyPatch) -> None:
    """Let the step train with all titles."""
    patch.setattr(step, "improved", all_titles)


def let(session: Session, *, models: str = "any", mu: float | None = MU) -> None:
    """Let the policy pay for factors at this cost, and say which models serve."""
    statement = None if mu is None else FactorsStatement(title="Alike", mu=mu, months=3)
    budget = session.policy.releases.budget.model_copy(update={"families": {}})
    releases = session.policy.releases.model_copy(update={"factors": statement, "budget": budget})
    serving = ServingPolicy.model_validate({"models": models})
    vars(session)["policy"] = session.policy.model_copy(update={"releases": releases, "serving": serving})
