"""Lists that are killed in the making are gone on with from their whole files, and come out the same to the byte."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from models_world import SPAN, World, bytes_of

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.config import ModelsConfig, ServingConfig
from media_privacy_pipeline.models.serving import lists, served
from media_privacy_pipeline.models.steps import recommend

CONFIG = ModelsConfig(serving=ServingConfig(block_viewers=2, piece_viewers=5))


def test_a_run_that_is_killed_anywhere_is_gone_on_with_to_the_same_bytes(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("serving_killed.py"), tmp_path],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] > 5
    assert told["most"] == 3


@pytest.fixture
def failing(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session whose lists stop with an error in their third file, as on a full disk."""
    World(viewers=20).store(session)
    made = lists.pq.ParquetWriter

    def writer(where: Path, *arguments: object, **more: object) -> object:
        if "part-2" in where.name:
            raise OSError("no space left")
        return made(where, *arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(lists.pq, "ParquetWriter", writer)
        with pytest.raises(OSError, match="no space"):
            recommend(session, SPAN, CONFIG)
    return session


def left(session: Session) -> list[str]:
    return sorted(file.name for at in session.lake.root.glob(".unfinished-*") for file in at.iterdir())


def test_what_was_whole_stays_and_the_next_run_tells_of_it(failing: Session) -> None:
    failing.lake.sweep()
    assert left(failing) == ["part-0.parquet", "part-1.parquet"]
    assert recommend(failing, SPAN, CONFIG).metadata["files of a killed run that stood"] == 2
    whole = bytes_of(failing, "recommendations")
    failing.lake.delete("recommendations")
    assert "files of a killed run that stood" not in recommend(failing, SPAN, CONFIG).metadata
    assert bytes_of(failing, "recommendations") == whole
    assert left(failing) == []


def test_nothing_is_gone_on_with_once_an_input_has_changed(failing: Session) -> None:
    world = World(viewers=20)
    world.store_events(failing, "personalisation", [event for event in world.events() if event[0] != 3])
    world.store_accounts(failing, [viewer for viewer in range(20) if viewer != 3])
    assert "files of a killed run that stood" not in recommend(failing, SPAN, CONFIG).metadata
    assert left(failing) == []


def test_deleting_the_table_deletes_what_is_unfinished_of_it(failing: Session) -> None:
    failing.lake.delete("recommendations")
    assert left(failing) == []
    with failing.lake.go_on("recommendations", "f") as staging:
        assert list(staging.iterdir()) == []
    assert failing.lake.is_current("recommendations", "f")


def test_no_more_histories_are_in_memory_than_of_one_file(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    World(viewers=20).store(session)
    held = []

    def seen(*arguments: object, **more: pa.Array) -> object:
        held.append(len(more["everyone"]))
        return weighed(*arguments, **more)  # type: ignore[arg-type]

    weighed = served.weighed
    monkeypatch.setattr(served, "weighed", seen)
    recommend(session, SPAN, CONFIG)
    assert held == [5, 5, 5, 5]
