"""A Spark cluster on the loopback, started by the command that people start it with, once a test process."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from media_privacy_pipeline.engines.cluster import Running, status

# What Java would win by compiling for long runs, tests never get back.
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_SIZE = ["--workers", "2", "--memory", "512m"]


@dataclass
class Started:
    """The command in its process, and what it says that it started."""

    command: subprocess.Popen[str]
    running: Running

    def end(self) -> None:
        """Ctrl-C: everything ends, and no secret is left."""
        self.command.send_signal(signal.SIGINT)
        assert self.command.wait(60) == 0
        assert self.command.stdout is not None
        self.command.stdout.close()
        assert not any(self.running.alive.values())
        assert not [file for file in self.running.folder.iterdir() if file.suffix in (".properties", ".token")]


@pytest.fixture(scope="session")
def _started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Started]]:
    started: list[Started] = []
    yield started
    for one in started:
        one.end()


@pytest.fixture(scope="session")
def started_cluster(_started: list[Started], tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Running]:
    """Gives the cluster, all of it alive: a test may kill its processes, and the next one gets new ones."""

    def give() -> Running:
        if _started and not all(_started[0].running.alive.values()):
            _started.pop().end()
        if not _started:
            _started.append(_start(tmp_path_factory.mktemp("cluster") / "spark"))
        return _started[0].running

    return give


@pytest.fixture
def spark_cluster(started_cluster: Callable[[], Running]) -> Running:
    """A master, two workers and a Connect server."""
    return started_cluster()


def _start(folder: Path) -> Started:
    ports = ["--port", str(free_port()), "--connect-port", str(free_port())]
    words = ["cluster", "start", "--folder", str(folder), *ports, *_SIZE]
    with (folder.parent / "stderr").open("w") as stderr:
        command = subprocess.Popen(
            [sys.executable, "-m", "media_privacy_pipeline.cli", *words],
            env={**os.environ, "JAVA_TOOL_OPTIONS": _JAVA},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )
    assert command.stdout is not None
    # It says nothing, and ends, where something does not come up.
    up = any("Ctrl-C" in line for line in command.stdout)
    running = status(folder)
    if not up or running is None:
        command.wait(60)
        command.stdout.close()
        pytest.fail((folder.parent / "stderr").read_text())
    return Started(command, running)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def executors(running: Running, worker: str) -> list[int]:
    """Process ids of a worker's executors."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                at, words = (process / "cwd").readlink(), (process / "cmdline").read_bytes()
            except OSError:
                continue
            if at.is_relative_to(running.folder / worker) and b"CoarseGrainedExecutorBackend" in words:
                found.append(int(process.name))
    return found


def kill(running: Running, worker: str) -> None:
    """What a power cut does to a worker and its executors: they are gone, and so is their disk. Logs are kept apart."""
    for pid in (running.pids[worker], *executors(running, worker)):
        os.kill(pid, signal.SIGKILL)
    shutil.copytree(running.folder / worker, running.folder.with_name("kept") / worker, dirs_exist_ok=True)
    shutil.rmtree(running.folder / worker)
