"""What else grows with viewers, in pieces: who is in which segment, what exposure is counted from; and what is too much
for the driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models_world import SPAN, World, rows_of
from spark_here import Here
from test_exposure_step import CONFIG, store_plays
from test_spark_ials import in_blocks, tastes

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.models.config import ModelsConfig, ScaleConfig
from media_privacy_pipeline.models.fairness import step as fairness
from media_privacy_pipeline.models.recommenders.config import SuccessorsConfig
from media_privacy_pipeline.models.recommenders.successors import Successors
from media_privacy_pipeline.models.segments import step as segments
from media_privacy_pipeline.models.spark.learner import OnSpark
from media_privacy_pipeline.models.spark.scale import beyond, memory

IN_PIECES = ScaleConfig(driver_pairs=0, block_pairs=2_500)


def test_viewers_are_placed_as_on_one_machine(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    World(viewers=1600, plays=8).store(session)
    config = ModelsConfig(scale=IN_PIECES)
    segments.make_segments(session, SPAN, config)
    before = rows_of(session, "viewer_segments")
    assert len({row["segment_id"] for row in before}) > 1
    session.lake.delete("viewer_segments")
    monkeypatch.setattr(segments, "beyond", lambda *_: Here())
    segments.make_segments(session, SPAN, config)
    assert rows_of(session, "viewer_segments") == before
    assert len(session.lake.files("viewer_segments")) > 2
    assert segments.make_segments(session, SPAN, config).skipped


def test_every_account_is_counted_whole(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(viewers=8, titles=4)
    world.store_titles(session)
    store_plays(session, [world.title(0), world.title(3)])
    counted: list[np.ndarray] = []

    def pay(desk: Any, name: str, statement: Any, rows: Any, **_: object) -> np.ndarray:
        counted.append(np.concatenate([*rows]))
        return counted[-1].sum(axis=0)

    monkeypatch.setattr(fairness, "find_vector", lambda *_, **__: None)
    monkeypatch.setattr(fairness, "release_vector", pay)
    monkeypatch.setattr(fairness, "told", lambda *_: [])
    fairness.expose(session, SPAN, CONFIG)
    monkeypatch.setattr(fairness, "beyond", lambda *_: Here())
    fairness.expose(session, SPAN, CONFIG.model_copy(update={"scale": IN_PIECES}))
    one, many = counted
    assert len(one) == len(many) == 800
    assert one.any()
    assert np.array_equal(many.sum(axis=0), one.sum(axis=0))


def test_a_kind_that_learns_on_the_driver_is_refused_before_it_is_read(tmp_path: Path) -> None:
    whole = tastes(1)
    (tmp_path / "blocks").mkdir()
    blocks = in_blocks(Here(), tmp_path / "blocks", whole)
    config = SuccessorsConfig(neighbours=5)
    found = OnSpark(blocks, np.zeros(0), tmp_path, "1GB").teach(Successors(config))
    assert np.allclose(found.matrix.toarray(), Successors(config).fit(whole).matrix.toarray(), atol=1e-6)
    for file in blocks.files:
        file.unlink()
    with pytest.raises(Refused, match=r"successors is learned on the driver alone: \d+ pairs .*LIMIT is 50KB"):
        OnSpark(blocks, np.zeros(0), tmp_path, "50KB").teach(Successors(config))


def test_memory_limits_are_read_as_they_are_written() -> None:
    assert [memory(text) for text in ("3GB", "512 MiB", "1.5tb", "200")] == [3e9, 512e6, 1.5e12, 200]


def test_one_machine_has_no_executors(session: Session) -> None:
    assert beyond(session, 10**12, IN_PIECES) is None
