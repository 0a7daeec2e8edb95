"""Everybody of a private training in blocks: the same accounts held out, the same questions asked, the same leads."""

from __future__ import annotations

import numpy as np
import pytest
from models_world import SPAN, World
from spark_here import Here

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.config import EvaluationConfig, ScaleConfig
from media_privacy_pipeline.models.inputs import training_interactions
from media_privacy_pipeline.models.private.config import improved
from media_privacy_pipeline.models.private.crowd import CrowdHere
from media_privacy_pipeline.models.private.learning import learn_from, unpaid
from media_privacy_pipeline.models.private.plan import Plan
from media_privacy_pipeline.models.spark.crowd import CrowdOnBlocks

CONFIG = improved(5.0, 0.1).model_copy(update={"head_share": 1.0, "factors": 6})


@pytest.mark.parametrize("period", ["2026-01", "2026-04"])
def test_blocks_say_what_one_machine_says(session: Session, period: str) -> None:
    world = World(viewers=130, titles=80, plays=20)
    world.store(session)
    # Some watched nothing that the plan knows.
    titles = tuple(world.title(n) for n in range(70))
    plan = Plan(period=period, titles=titles, config=CONFIG)
    learned = training_interactions(session, SPAN, EvaluationConfig())
    one = CrowdHere.of(learned.rows, plan)
    scratch = session.lake.path("scratch")
    scratch.mkdir()
    executors = Here(lost=1)
    many = CrowdOnBlocks.of(session, executors, scratch, plan, ScaleConfig(driver_pairs=0, block_pairs=300))  # type: ignore[arg-type]
    assert len(many.blocks.files) > 3
    assert one.tested.any()
    assert one.profiles.max() == 2
    quiet = unpaid(lambda exact, sigma: exact)
    alone, spread = learn_from(one.learners, CONFIG, quiet), learn_from(many.learners, CONFIG, quiet)
    assert spread.counts.tolist() == alone.counts.tolist()
    assert spread.factors.tolist() == alone.factors.tolist()
    leads = one.leads(alone, CONFIG)
    assert np.count_nonzero(leads)
    assert int(many.leads(spread, CONFIG).sum()) == int(leads.sum())
