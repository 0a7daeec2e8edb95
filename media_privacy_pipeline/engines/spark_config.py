"""What a Spark session is told: what our results rest on, what may be tuned, and where secrets come from."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import Refused, UsageError
from ..settings import Settings

REQUIRED = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
}
"""What both engines' equal results rest on: set in every session, and read back where a server might refuse it."""

TUNED = {
    "spark.sql.adaptive.enabled": "true",
    "spark.sql.adaptive.coalescePartitions.enabled": "true",
    "spark.sql.adaptive.skewJoin.enabled": "true",
}
"""What a session may be told otherwise by the file of properties: plans that adapt to what a stage came to, small
partitions put together and large ones of a join split."""

QUIET = "-Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider -Dslf4j.internal.verbosity=ERROR"
"""Java's words for no log at all. A failing expression's error quotes the value that it met, and executors log it."""

_EXECUTOR_JAVA = "spark.executor.extraJavaOptions"
_CORE = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    # A task's files become part of a table when the whole job ends, and a second attempt's never do.
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
    "spark.speculation": "false",
}
_CLUSTER = {
    # What a lost machine held is made again: by tasks on other machines, by whole stages where their output went too.
    "spark.task.maxFailures": "4",
    "spark.stage.maxConsecutiveAttempts": "4",
    # Five seconds between three attempts to reach a machine that is gone are fifteen lost for each stage.
    "spark.shuffle.io.retryWait": "2s",
    # A name that does not answer is told within seconds.
    "spark.rpc.lookupTimeout": "20s",
}
_PARTITIONS = {"local": "8", "cluster": "64"}
_SECRET = re.compile(r"secret|password|token|access[.]?key", re.IGNORECASE)


@dataclass(frozen=True)
class SparkConfig:
    """How Spark is reached and used; each field is the setting `spark_<field>` and says more there."""

    properties: Path | None = None
    """File of Spark's own properties: secrets, and whatever a cluster wants told."""
    token_file: Path | None = None
    """File with a Connect server's token."""
    executor_memory: str | None = None
    """Heap of one executor, as Spark writes it: "4g"."""
    executor_cores: int | None = None
    """Cores of one executor."""
    partitions: int | None = None
    """Pieces that a shuffle makes before adaptive execution puts small ones together."""
    wait: float = 60.0
    """How many seconds a master, a server or executors may take to answer."""


def spark_config(settings: Settings) -> SparkConfig:
    """What the settings say of Spark."""
    return SparkConfig(
        properties=settings.spark_properties,
        token_file=settings.spark_token_file,
        executor_memory=settings.spark_executor_memory,
        executor_cores=settings.spark_executor_cores,
        partitions=settings.spark_partitions,
        wait=settings.spark_wait,
    )


def session_properties(config: SparkConfig, *, local: bool) -> dict[str, str]:
    """What a session can be told while it runs, on any Spark: what is required, and what is tuned and not given."""
    given = read_properties(config.properties) if config.properties is not None else {}
    partitions = {"spark.sql.shuffle.partitions": _PARTITIONS["local" if local else "cluster"]}
    tuned = {name: value for name, value in {**TUNED, **partitions}.items() if name not in given}
    if config.partitions is not None:
        tuned["spark.sql.shuffle.partitions"] = str(config.partitions)
    return {**tuned, **REQUIRED}


def application_properties(config: SparkConfig, *, local: bool) -> dict[str, str]:
    """What an application is started with besides: logs, commits, retries, executors. No secret is among them.

    Raises what `read_properties` does.
    """
    given = read_properties(config.properties) if config.properties is not None else {}
    cluster = {} if local else {name: value for name, value in _CLUSTER.items() if name not in given}
    if config.executor_memory is not None:
        cluster["spark.executor.memory"] = config.executor_memory
    if config.executor_cores is not None:
        cluster["spark.executor.cores"] = str(config.executor_cores)
    java = " ".join(filter(None, (given.get(_EXECUTOR_JAVA), QUIET, "-Duser.timezone=UTC")))
    return {**cluster, **_CORE, _EXECUTOR_JAVA: java}


def read_properties(path: Path) -> Mapping[str, str]:
    """Names and values of a file of Spark's properties, one a line: `name value` or `name=value`.

    Raises UsageError when it is missing or holds a line that is neither, and Refused when others than its owner may
    read a secret in it. No message repeats a value.
    """
    try:
        lines = path.read_text().splitlines()
    except OSError as error:
        raise UsageError(f"MEDIA_PRIVACY_SPARK_PROPERTIES={path}: {error.strerror}") from None
    found = {}
    for number, line in enumerate(map(str.strip, lines), start=1):
        if line and line[0] not in "#!":
            name, value = [*re.split(r"\s*[=:\s]\s*", line, maxsplit=1), ""][:2]
            if not name.startswith("spark.") or not value:
                raise UsageError(f"{path}, line {number}: not `spark.<name> <value>`")
            found[name] = value
    if any(_SECRET.search(name) for name in found):
        _ours_alone(path)
    return found


def read_token(path: Path) -> str:
    """The token of a Connect server from its file.

    Raises UsageError when there is none, and Refused when others than its owner may read it.
    """
    try:
        token = path.read_text().strip()
    except OSError as error:
        raise UsageError(f"MEDIA_PRIVACY_SPARK_TOKEN_FILE={path}: {error.strerror}") from None
    _ours_alone(path)
    if not token or not token.isascii() or len(token.split()) != 1:
        raise UsageError(f"{path}: one token, in one line, is expected")
    return token


def _ours_alone(path: Path) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise Refused(f"{path}: mode {mode:04o} lets others read a secret; run: chmod 600 {path}")
