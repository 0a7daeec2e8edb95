"""One run at a time on one home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.runlock import holder_of, run_lock

_HOLD = """
import sys, time
from pathlib import Path
from media_privacy_pipeline.runlock import run_lock
with run_lock(Path(sys.argv[1]), "the first run", wait=0):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock of tmp_path."""
    process = subprocess.Popen([sys.executable, "-c", _HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_told_who_holds_the_home(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(Refused, match=rf"the first run \(process {holder.pid}"), run_lock(tmp_path, "second", wait=0):
        pass


def test_a_second_run_waits_and_says_so(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    said: list[str] = []
    threading.Timer(0.7, holder.kill).start()
    with run_lock(tmp_path, "second", wait=30, waiting=said.append):
        assert len(said) == 1
        assert "the first run" in said[0]


def test_the_lock_of_a_killed_run_is_free_at_once(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    assert holder_of(tmp_path) is not None
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    assert holder_of(tmp_path) is None
    started = time.monotonic()
    with run_lock(tmp_path, "next", wait=0):
        found = holder_of(tmp_path)
        assert found is not None
        assert (found.pid, found.command) == (os.getpid(), "next")
    assert time.monotonic() - started < 0.4


def test_a_home_that_cannot_be_made_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="file/home: cannot write"), run_lock(tmp_path / "file" / "home", "x", wait=0):
        pass


def test_a_home_that_is_made_here_is_not_for_everybody(tmp_path: Path) -> None:
    with run_lock(tmp_path / "home", "x", wait=0):
        assert (tmp_path / "home").stat().st_mode & 0o007 == 0
