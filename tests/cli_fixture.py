"""The command line as people run it, in another process; and one finished night to look at or to copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]
Cli = Callable[..., Done]

COMMAND = [sys.executable, "-m", "media_privacy_pipeline.cli"]


def environment(**variables: str) -> dict[str, str]:
    """This process's environment with other variables; a run that finds the home taken does not wait."""
    return {**os.environ, "MEDIA_PRIVACY_LOCK_WAIT": "0", "MEDIA_PRIVACY_MEMORY_LIMIT": "1GB", **variables}


@dataclass(frozen=True)
class Night:
    """A landing zone of six days and a home in which one run took them in, or some of them; `seconds` is how long."""

    landing: Path
    home: Path
    done: Done
    seconds: float

    def copy(self, to: Path) -> Path:
        """A home of one's own, keys and all, to do harm to."""
        shutil.copytree(self.home, to, symlinks=True)
        shutil.copy2(self.home.with_name("home.keys"), to.with_name(f"{to.name}.keys"))
        return to


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """`cli("run", "--home", ...)`: the finished process; `env` adds variables."""

    def run(*arguments: object, env: dict[str, str] | None = None) -> Done:
        return subprocess.run(
            [*COMMAND, *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment(**(env or {})),
            timeout=600,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """150 simulated households over six days, run once a test process."""
    from media_privacy_pipeline.landing.simulate import simulate

    folder = tmp_path_factory.mktemp("night")
    simulate(folder / "landing", seed=11, households=150, days=6, titles=80)
    return _run(folder / "landing", folder / "home")


@pytest.fixture(scope="session")
def early(night: Night, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The same landing zone, and a home in which a run took in its first four days: copy it, and let a night go on."""
    return _run(night.landing, tmp_path_factory.mktemp("early") / "home", "--to", "2026-09-04")


def _run(landing: Path, home: Path, *more: str) -> Night:
    started = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "run", "--landing", str(landing), "--home", str(home), *more],
        capture_output=True,
        text=True,
        env=environment(HOME=str(home.parent)),
        timeout=600,
        check=False,
    )
    return Night(landing, home, done, time.monotonic() - started)
