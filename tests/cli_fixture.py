"""The command line as people run it, in another process; and one finished night to look at or to copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
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
    """A landing zone of six days and a home in which one run took them in."""

    landing: Path
    home: Path
    done: Done

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
    done = subprocess.run(
        [*COMMAND, "run", "--landing", str(folder / "landing"), "--home", str(folder / "home")],
        capture_output=True,
        text=True,
        env=environment(HOME=str(folder)),
        timeout=600,
        check=False,
    )
    return Night(folder / "landing", folder / "home", done)
