"""A run killed at any moment: readers see the old release or the new one, whole, and the next run goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_fixture import COMMAND, Cli, Night, environment
from warm_cli import Warm

from media_privacy_pipeline.lake import Lake
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.published.rows import digest_of

KILLS = 12
ENOUGH_SECONDS = 600


def _whole(home: Path) -> str:
    """The current release; fails unless each of its files is as its manifest says."""
    release = open_release(home)
    for table, entry in release.manifest.tables.items():
        for path, file in zip(release.files(table), entry.files, strict=True):
            assert digest_of(path) == file.sha256, path
    return release.release_id


@pytest.mark.slow
def test_readers_see_whole_releases_whenever_a_run_is_killed(
    night: Night, early: Night, warm: Warm, cli: Cli, tmp_path: Path
) -> None:
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    print(f"seed {seed}: SEED={seed} repeats these moments")
    chance = random.Random(seed)
    assert early.done.returncode == 0, early.done.stderr
    home, deadline = early.copy(tmp_path / "home"), time.monotonic() + ENOUGH_SECONDS
    shared = ["--landing", str(night.landing), "--home", str(home)]
    first = _whole(home)
    seen, killed = {first}, 0
    while killed < KILLS and time.monotonic() < deadline:
        # Libraries are there already: no moment of these is spent on importing them.
        with Path(os.devnull).open("wb") as nowhere:
            process = warm.start(["run", *shared], tmp_path, environment(), nowhere, nowhere)
        try:
            process.wait(chance.uniform(0.5, early.seconds))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        killed += 1
        seen.add(_whole(home))
    done = cli("run", *shared)
    assert done.returncode == 0, done.stderr
    seen.add(_whole(home))
    assert len(seen) == 2, seen
    assert Lake(home / "lake").rows("accepted_viewing_events") == Lake(night.home / "lake").rows(
        "accepted_viewing_events"
    )
    assert not [path for path in (home / "lake").iterdir() if path.name.startswith(".")]


def test_ctrl_c_ends_a_run_in_one_line(early: Night, cli: Cli, tmp_path: Path) -> None:
    shared = ["--landing", str(early.landing), "--home", str(early.copy(tmp_path / "home"))]
    process = subprocess.Popen(
        [*COMMAND, "run", *shared], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    )
    assert process.stderr is not None
    first = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=120)
    assert process.returncode == 1
    assert first.startswith("  accept_")
    assert rest.splitlines()[-1].startswith("media-privacy: interrupted")
    assert "Traceback" not in rest
    assert cli("run", *shared).returncode == 0
