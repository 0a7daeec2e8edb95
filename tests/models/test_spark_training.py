"""A night whose training is beyond the driver: executors learn, and the night ends as on one machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from models_world import QUICK, SPAN, World, rows_of

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.models.config import ScaleConfig
from media_privacy_pipeline.models.recommenders.config import Rp3BetaConfig
from media_privacy_pipeline.models.registry import Registry
from media_privacy_pipeline.models.steps import train
from media_privacy_pipeline.sql import Project

pytestmark = pytest.mark.spark
CONFIG = QUICK.model_copy(
    update={
        "ials": QUICK.ials.model_copy(update={"iterations": 1}),
        "contenders": {"rp3beta": Rp3BetaConfig(neighbours=10)},
        "evaluation": QUICK.evaluation.model_copy(update={"viewers": 100}),
    }
)
ON_EXECUTORS = CONFIG.model_copy(update={"scale": ScaleConfig(driver_pairs=0, block_pairs=1_700)})


@pytest.fixture
def nights(
    make_session: Callable[..., Session], project: Project, spark_engine: Engine, tmp_path: Path
) -> tuple[Session, Session]:
    """The same home twice: for one machine, and for Spark."""
    one, many = (make_session(home=tmp_path / name) for name in ("one", "many"))
    for session in (one, many):
        vars(session)["project"] = project
    vars(many)["engine"] = spark_engine
    for session in (one, many):
        World().store(session)
    return one, many


def test_it_ends_as_on_one_machine(nights: tuple[Session, Session]) -> None:
    one, many = nights
    alone, spread = train(one, SPAN, CONFIG), train(many, SPAN, ON_EXECUTORS)
    assert spread.metadata["viewers"] == alone.metadata["viewers"]
    assert spread.metadata["serves"] == alone.metadata["serves"]
    measured = rows_of(one, "model_metrics")
    assert len(measured) == len(rows_of(many, "model_metrics")) > 20
    for here, there in zip(measured, rows_of(many, "model_metrics"), strict=True):
        assert here.keys() == there.keys()
        for name, value in here.items():
            assert there[name] == pytest.approx(value, abs=1e-9) if isinstance(value, float) else there[name] == value
    stored = [
        Registry(session.settings.models / "recommenders").load(str(told.metadata["model"])).manifest
        for session, told in ((one, alone), (many, spread))
    ]
    for name in ("viewers", "titles", "pairs"):
        assert stored[0][name] == stored[1][name]
    assert not list(many.lake.root.glob(".unfinished-*"))
    # Nothing changed since: nothing is trained.
    assert train(many, SPAN, ON_EXECUTORS).skipped
