"""The command line as people run it, in another process; and one finished night to look at or to copy."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

import pytest
from warm_cli import Warm

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


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Starts commands without the seconds that their libraries take to import."""
    warm = Warm()
    yield warm
    warm.close()


@pytest.fixture
def cli(tmp_path: Path, warm: Warm) -> Cli:
    """`cli("run", "--home", ...)`: the finished process; `env` adds variables."""

    def run(*arguments: object, env: dict[str, str] | None = None) -> Done:
        return _finished(warm, list(map(str, arguments)), tmp_path, environment(**(env or {})))

    return run


def _finished(warm: Warm, arguments: Sequence[str], cwd: Path, env: Mapping[str, str]) -> Done:
    with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        code = warm.start(arguments, cwd, env, out, err).wait(600)
        out.seek(0)
        err.seek(0)
        return Done([*COMMAND, *arguments], code, out.read(), err.read())


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    """150 simulated households over six days, run once a test process, as people run it."""
    from media_privacy_pipeline.landing.simulate import simulate

    folder = tmp_path_factory.mktemp("night")
    landing, home = folder / "landing", folder / "home"
    simulate(landing, seed=11, households=150, days=6, titles=80)
    started = time.monotonic()
    done = subprocess.run(
        [*COMMAND, "run", "--landing", str(landing), "--home", str(home)],
        capture_output=True,
        text=True,
        env=environment(HOME=str(folder)),
        timeout=600,
        check=False,
    )
    return Night(landing, home, done, time.monotonic() - started)


@pytest.fixture(scope="session")
def early(night: Night, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Night:
    """The same landing zone, and a home in which a run took in its first four days: copy it, and let a night go on."""
    folder, started = tmp_path_factory.mktemp("early"), time.monotonic()
    arguments = ["run", "--landing", str(night.landing), "--home", str(folder / "home"), "--to", "2026-09-04"]
    done = _finished(warm, arguments, folder, environment(HOME=str(folder)))
    return Night(night.landing, folder / "home", done, time.monotonic() - started)
