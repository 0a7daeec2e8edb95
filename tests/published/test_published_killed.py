"""Killed at any moment, a writer leaves readers the old release or the new one, whole; and the next run goes on."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import pytest
from publishing_house import House, put_all, span, write_contracts, write_generations

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.published.layout import Layout
from media_privacy_pipeline.published.rows import digest_of
from media_privacy_pipeline.published.steps import candidate, publish
from media_privacy_pipeline.settings import Settings

KILLS = 20


def generation_read(home: Path) -> int:
    """Open the current release, check every file, and return the one generation that all of its tables are of."""
    release = open_release(home)
    for name, entry in release.manifest.tables.items():
        for path, file in zip(release.files(name), entry.files, strict=True):
            assert digest_of(path) == file.sha256
    (of_recommendations,) = set(release.arrow("recommendations")["generation"].to_pylist())
    of_titles = release.pandas("title_daily").set_index("title_id")["plays"]["t1"]
    assert of_titles == of_recommendations
    return int(of_recommendations)


@pytest.mark.slow
def test_readers_see_whole_releases_whenever_the_writer_is_killed(tmp_path: Path, house: House) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    moments = random.Random(seed)
    home = tmp_path / "home"
    write_contracts(tmp_path / "sql")
    # A fork server imports once; each writer is a fork of a process without threads.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["media_privacy_pipeline.published.steps", "publishing_house"])
    seen = 0
    for n in range(KILLS):
        ready = context.Event()
        writer = context.Process(target=write_generations, args=(home, tmp_path / "sql", 1000 * (n + 1), ready))
        writer.start()
        assert ready.wait(60)
        end = time.monotonic() + moments.uniform(0.0, 1.0)
        while time.monotonic() < end:
            now = generation_read(home)
            assert now >= seen
            seen = now
        assert writer.pid is not None
        os.kill(writer.pid, signal.SIGKILL)
        writer.join()
        assert generation_read(home) >= seen
    assert seen >= 1000 * KILLS
    session = Session(Settings(home=home, keys=tmp_path / "home.keys", sql=tmp_path / "sql"))
    put_all(session, 999_999)
    candidate(session, span())
    publish(session, span())
    assert generation_read(home) == 999_999
    layout = Layout(home)
    left = {folder.name for folder in layout.root.glob("*/*/*") if folder.is_dir()} - set(layout.releases())
    assert not left
    assert not list(layout.candidates.glob("2*"))
