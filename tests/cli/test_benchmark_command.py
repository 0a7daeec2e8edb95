"""`media-privacy benchmark dp` runs the benchmark of the checkout, and says what to do where there is none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from media_privacy_pipeline.cli import benchmark
from media_privacy_pipeline.errors import UsageError


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    benchmark.register(made)
    return made


@pytest.mark.parametrize("code", [0, 1, 2])
def test_it_runs_the_benchmark_with_what_was_asked(
    app: typer.Typer, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    run: list[tuple[list[str], dict[str, Any]]] = []

    def told(command: list[str], **options: Any) -> SimpleNamespace:
        run.append((command, options))
        return SimpleNamespace(returncode=code)

    monkeypatch.setattr(subprocess, "run", told)
    ended = CliRunner().invoke(app, ["benchmark", "dp", "--events", "5000", "--draws", "7", "--no-peers", "--json"])
    assert ended.exit_code == min(code, 1)
    ((command, options),) = run
    assert command[:3] == [sys.executable, "-m", "benchmarks.dp"]
    assert set(command[3:]) == {"--events=5000", "--draws=7", "--repeats=3", "--no-peers", "--keep", "--json"}
    assert (options["cwd"] / "benchmarks" / "dp.py").is_file()


def test_without_a_checkout_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(benchmark, "_CHECKOUT", tmp_path)
    with pytest.raises(UsageError, match="clone the project"):
        benchmark.dp()
