"""Kills the serving of recommendations at every other step in its unfinished folder; run as a process of its own.

    python serving_killed.py FOLDER

Each run is a fork that kills itself with SIGKILL before its n-th open, rename, link or removal there, as Python's audit
hooks see them. The next run goes on with what it left, and must end with the bytes of a run that was never killed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from models_world import QUICK, SPAN, World, bytes_of, open_counts, write

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.models.config import ServingConfig
from media_privacy_pipeline.models.inputs import personalisation_interactions
from media_privacy_pipeline.models.steps import recommend, train
from media_privacy_pipeline.policy import load
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.sql import load_project

CONFIG = QUICK.model_copy(update={"serving": ServingConfig(k=3, block_viewers=4, piece_viewers=12)})
PROJECT = load_project(Settings().sql, load())
FOUND = "files of a killed run that stood"
UNFINISHED = ".unfinished-"


def opened(home: Path) -> Session:
    """A session on a home, with what all homes share read once."""
    session = Session(Settings(home=home, landing=home.parent / "landing", memory_limit="1GB"))
    vars(session)["project"] = PROJECT
    return session


def prepare(home: Path) -> None:
    """A home in which nothing but the lists is left to make."""
    session = opened(home)
    World(viewers=30, titles=12).store(session)
    # What was never written is asked of an engine, which takes longer to start than all the rest.
    nobody = ["f" * 32]
    write(session, "permitted_personalisation_hidden_titles", viewer_key=nobody, account_key=nobody, title_id=["t001"])
    open_counts(session, {"t001": 3.0})
    train(session, SPAN, QUICK)
    personalisation_interactions(session, SPAN)


def serve(home: Path, kill_at: int | None) -> tuple[int, int] | None:
    """Serve in a fork; its steps and the files that stood already, or None where it was killed."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        taken = 0

        def step(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal taken
            if event.startswith(("open", "os.", "shutil.")) and UNFINISHED in str(arguments[:2]):
                taken += 1
                if taken == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(step)
        session = opened(home)
        session.lake.sweep()
        told = recommend(session, SPAN, CONFIG)
        os.write(writer, json.dumps([taken, told.metadata.get(FOUND, 0)]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        told = stream.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return None
    if status:
        raise SystemExit(f"a run ended with status {status}")
    steps, found = json.loads(told)
    return steps, found


def main(folder: Path) -> None:
    """See above; prints the kills and the most files that a run found and left alone."""
    # In a fork: what this process forks later must hold no threads of an engine.
    builder = os.fork()
    if builder == 0:
        prepare(folder / "base")
        os._exit(0)
    assert os.waitpid(builder, 0)[1] == 0
    shutil.copytree(folder / "base", folder / "whole")
    done = serve(folder / "whole", None)
    assert done is not None
    expected = bytes_of(opened(folder / "whole"), "recommendations")
    assert len(expected) == 3
    most = kills = 0
    # A file takes three steps: every other one meets each kind of them.
    for kill_at in range(2, done[0] + 1, 2):
        home = folder / f"home-{kill_at}"
        shutil.copytree(folder / "base", home)
        assert serve(home, kill_at) is None, kill_at
        again = serve(home, None)
        assert again is not None
        assert bytes_of(opened(home), "recommendations") == expected, kill_at
        assert not list((home / "lake").glob(f"{UNFINISHED}*")), kill_at
        most = max(most, again[1])
        kills += 1
        shutil.rmtree(home)
    print(json.dumps({"kills": kills, "most": most}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
