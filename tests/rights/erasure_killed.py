"""Kills an erasure at random moments, again and again, until it is done; run as a process of its own.

    python erasure_killed.py FOLDER SEED KILLS

Each run is a fork that kills itself with SIGKILL before its n-th step to the outside: an open, rename, link, removal
or database connection, as Python's audit hooks see them. The next run goes on with what it left. A home that is done
is held against one that was never killed, and another copy begins.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
from importlib import import_module
from pathlib import Path

from erasure_nights import asks, drop, night, open_session, project, zone

from media_privacy_pipeline.rights.erasure.erasing import resume
from media_privacy_pipeline.rights.places import place_of

# What each fork would otherwise import or read for itself takes longer than all the rest.
for module in (
    "implicit.als",
    "pandas",
    "pyarrow.parquet.encryption",
    "consent.steps",
    "models.steps",
    "rights.erasure.steps",
):
    import_module(module if module[0] in "ip" else f"media_privacy_pipeline.{module}")
for contract in project().contracts.values():
    if contract.meta.group != "landing_zone":
        place_of(project(), contract)

_STEPS = ("open", "os.", "shutil.", "sqlite3.connect")
_DELIVERED = ("accept_subject_requests", "update_ledger", "identify")
_KILLED = ("erase", "train", "recommend", "segment", "candidate", "publish", "prove_erasures")


def prepare(folder: Path) -> None:
    """A home with a release of two days, and three requests delivered on the third."""
    zone(folder / "landing", 3)
    session = open_session(folder, "base")
    night(session, 2)
    asked = [asks("ann", "erasure", 3), asks("bea", "erasure", 3), asks("eve", "erasure", 3, profile_id="second")]
    drop(folder / "landing", "subject_requests", asked, 3)
    night(session, 3, first=3, only=_DELIVERED)
    session.close()


def erase(folder: Path, home: str) -> None:
    """Everything from the erasure to its receipts, as whoever opens the home next would go on."""
    session = open_session(folder, home)
    session.lake.sweep()
    resume(session)
    night(session, 3, first=3, only=_KILLED)
    session.close()


def run(folder: Path, home: str, kill_at: int | None) -> tuple[bool, int]:
    """Erase in a fork; whether it came to its end, and how many steps it took (0 where it was killed)."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        taken = 0

        def step(event: str, arguments: object) -> None:
            nonlocal taken
            if event.startswith(_STEPS):
                taken += 1
                if taken == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(step)
        erase(folder, home)
        os.write(writer, str(taken).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        told = stream.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return False, 0
    if status:
        raise SystemExit(f"a run ended with status {status}")
    return True, int(told)


def receipts(folder: Path, home: str) -> dict[str, bytes]:
    """The receipts of a home by name; fails where the erasure has left its journal."""
    assert not list((folder / home / "erasures").iterdir())
    return {path.name: path.read_bytes() for path in (folder / home / "receipts").iterdir()}


def main(folder: Path, seed: int, kills: int) -> None:
    """See above; prints how many kills there were and how many homes they were spread over."""
    chance = random.Random(seed)
    # In a fork: what this process forks later must hold no threads of an engine.
    builder = os.fork()
    if builder == 0:
        prepare(folder)
        os._exit(0)
    assert os.waitpid(builder, 0)[1] == 0
    shutil.copytree(folder / "base", folder / "whole")
    done, steps = run(folder, "whole", None)
    expected = receipts(folder, "whole")
    assert done
    assert len(expected) == 3
    killed = homes = 0
    while killed < kills:
        home = f"home-{homes}"
        shutil.copytree(folder / "base", folder / home)
        while not run(folder, home, chance.randint(1, steps) if killed < kills else None)[0]:
            killed += 1
        homes += 1
        assert receipts(folder, home) == expected, home
        shutil.rmtree(folder / home)
    print(f"{killed} kills over {homes} homes; {steps} steps")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
