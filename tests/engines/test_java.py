"""Spark finds a Java of 17 or newer, through a wrapper that drops the one flag that some runtimes refuse."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from media_privacy_pipeline.engines import jre
from media_privacy_pipeline.engines.spark_session import _environment
from media_privacy_pipeline.errors import UsageError


def pretend_java(folder: Path, says: str) -> Path:
    java = folder / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text(f"#!/bin/sh\nif [ \"$1\" = -version ]; then echo '{says}' >&2; else printf '%s\\n' \"$@\"; fi\n")
    java.chmod(0o755)
    return java


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('openjdk version "25" 2025-09-16', 25),
        ('java version "1.8.0_401"', 8),
        ("nothing of use", None),
    ],
)
def test_the_major_version_is_read(tmp_path: Path, says: str, version: int | None) -> None:
    assert jre.java_version(pretend_java(tmp_path, says)) == version


def test_what_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert jre.java_version(tmp_path / "java") is None


def test_java_home_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = pretend_java(tmp_path, 'openjdk version "21.0.8"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert jre.find_java() == java
    assert jre.chosen_java() == jre.Java(java, 21, "JAVA_HOME")


def test_an_old_java_is_passed_over_and_none_at_all_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_java(tmp_path, 'java version "1.8.0_401"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(jre, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=rf"Java 17\+, and {tmp_path}/bin/java is version 8"):
        jre.find_java()


def test_the_wrapper_drops_one_flag_and_keeps_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_java(tmp_path / "own", 'openjdk version "25"')
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "own"))
    home = jre.java_home(tmp_path / "work")
    flags = ["-Xmx1g", "--add-modules=jdk.incubator.vector", "-Da=b c", "--add-modules=java.sql"]
    said = subprocess.run([home / "bin" / "java", *flags], capture_output=True, text=True, check=True).stdout
    assert said.splitlines() == ["-Xmx1g", "-Da=b c", "--add-modules=java.sql"]


def test_what_spark_is_started_with_is_no_later_processs_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrapper that were found as Java would be wrapped by itself, and start itself for ever."""
    monkeypatch.setenv("JAVA_HOME", "/before")
    monkeypatch.delenv("PYSPARK_SUBMIT_ARGS", raising=False)
    with _environment({"JAVA_HOME": "/wrapper", "PYSPARK_SUBMIT_ARGS": "x"}):
        assert os.environ["JAVA_HOME"] == "/wrapper"
    assert os.environ["JAVA_HOME"] == "/before"
    assert "PYSPARK_SUBMIT_ARGS" not in os.environ
