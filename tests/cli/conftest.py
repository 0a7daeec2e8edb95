"""The command line as people run it: another process, its exit code and what it said."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """`cli("run", "--home", ...)`: the finished process; `env` adds variables."""

    def run(*arguments: object, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "media_privacy_pipeline.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "MEDIA_PRIVACY_LOCK_WAIT": "0", **(env or {})},
            timeout=600,
            check=False,
        )

    return run
