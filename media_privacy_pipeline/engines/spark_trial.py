"""A query that tells what executors are: their Python, their packages, and whether they see the home."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NamedTuple

import pyarrow as pa

from .failures import told_safely
from .spark_config import SparkConfig
from .spark_session import errors, ready, session, stop
from .spark_watch import watched

_PACKAGE = "media-privacy-pipeline"
_TASKS = 4


class Trial(NamedTuple):
    """What was found: Spark's version where it runs, PySpark's here, executors in words, and what must be mended."""

    spark: str
    pyspark: str
    executors: str
    wrong: list[str]


class Told(NamedTuple):
    """What one Python says of itself."""

    python: str
    pyspark: str
    package: str
    sees: bool


def trial(master: str, home: Path, memory_limit: str, config: SparkConfig) -> Trial:
    """Start a session, ask its executors, and end it. `home` is a folder that they must be able to read and write.

    Raises what `session` raises, and Refused or PipelineError where the query fails.
    """
    ready(master, config)
    work = Path(mkdtemp(prefix=".doctor-", dir=home))
    try:
        (work / "seen").touch()
        spark = session(master, work, memory_limit, config)
        with told_safely("Spark", {}, work, errors()), watched(spark, master, config.wait):
            asked = spark.range(0, _TASKS, 1, _TASKS).mapInArrow(
                partial(_answer, str(work)), "python string, pyspark string, package string, sees boolean"
            )
            there = sorted({Told(**row) for row in asked.toArrow().to_pylist()})
            found: str = spark.version
        return _judged(there, about(work), found, home)
    finally:
        stop()
        shutil.rmtree(work, ignore_errors=True)


def about(work: Path) -> Told:
    """This Python, and whether it sees a folder with the file that the trial put there."""
    return Told(platform.python_version(), _version("pyspark"), _version(_PACKAGE), (work / "seen").exists())


def _answer(work: str, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        told: dict[str, Any] = about(Path(work))._asdict()
        yield pa.RecordBatch.from_pylist([told])


def _judged(there: list[Told], here: Told, spark: str, home: Path) -> Trial:
    wrong = []
    for one in there:
        if _minor(one.python) != _minor(here.python):
            wrong.append(
                f"executors run Python {one.python} and this is {here.python}: the minor version must be the same"
            )
        if _minor(one.pyspark) != _minor(spark):
            wrong.append(f"executors have PySpark {one.pyspark} and their Spark is {spark}: install the same")
        if one.package != here.package:
            wrong.append(f"executors have {_PACKAGE} {one.package} and this is {here.package}: install the same")
        if not one.sees:
            wrong.append(f"executors do not see {home}: all machines need it at the same path")
    if _minor(spark) != _minor(here.pyspark):
        wrong.append(f"Spark {spark} runs there and PySpark {here.pyspark} is here: use the same minor version")
    words = "; ".join(
        f"executors: Python {one.python}, PySpark {one.pyspark}, this package {one.package}" for one in there
    )
    return Trial(spark, here.pyspark, words, wrong)


def _minor(text: str) -> str:
    return ".".join(text.split(".")[:2])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
