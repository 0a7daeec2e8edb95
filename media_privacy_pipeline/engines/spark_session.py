"""The one Spark session of a process: quiet, in UTC, ANSI, and gone when it is told to."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .jre import find_java, java_home
from .spark_config import SparkConfig, application_properties, session_properties
from .spark_connect import connect, disconnect, fit, grpc_errors
from .spark_master import admitted, is_connect, is_local, is_loopback, reach

# Spark logs the values that a failing expression met. Its errors reach us as exceptions, which we word ourselves.
_LOG4J = """rootLogger.level = off
rootLogger.appenderRef.stderr.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %p %c{1}: %m%n%ex{0}
logger.python.name = org.apache.spark.api.python.PythonGatewayServer
logger.python.level = off
"""


def ready(master: str, config: SparkConfig) -> None:
    """Find out in no time whether a session can be started: Java or a client, files of secrets, something that listens.

    Raises UsageError or Refused for what is wrong, as `session` would.
    """
    if is_connect(master):
        fit(master, config)
    else:
        application_properties(config, local=is_local(master))
        find_java()
    reach(master, config.wait)


def session(master: str, work: Path, memory_limit: str = "3GB", config: SparkConfig | None = None) -> Any:
    """The session of this process, started on first use (7 to 15 s), or the one that runs.

    Raises UsageError where there is no Java for it, or the master or server does not know the secret; Refused where
    nothing answers in the time that `config` gives.
    """
    config = config or SparkConfig()
    work.mkdir(parents=True, exist_ok=True)
    # PySpark 4.3 warns of pandas 3 when it is imported, and with each function on Arrow batches; Arrow, and not pandas,
    # carries our data.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        running = _current()
        if running is not None and _alive(running):
            return running
        stop()
        # PySpark logs the text of every error, values of rows included, on stderr before it raises it.
        logging.getLogger("SQLQueryContextLogger").disabled = True
        reach(master, config.wait)
        if is_connect(master):
            return connect(master, config)
        try:
            return _start(master, work, memory_limit, config)
        except BaseException:
            stop()
            raise


def _start(master: str, work: Path, memory_limit: str, config: SparkConfig) -> Any:
    from pyspark import SparkConf, SparkContext
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    environment = {
        "JAVA_HOME": str(java_home(work)),
        # Python on executors is this one, at the same place, unless the cluster's own is named.
        "PYSPARK_PYTHON": os.environ.get("PYSPARK_PYTHON", sys.executable),
    }
    log = work.absolute() / "log4j2.properties"
    log.write_text(_LOG4J)
    local = is_local(master)
    properties = {
        **session_properties(config, local=local),
        **application_properties(config, local=local),
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log.as_uri()} -Duser.timezone=UTC",
        "spark.driver.memory": spark_memory(memory_limit),
        "spark.local.dir": str(work),
        "spark.sql.warehouse.dir": str(work / "warehouse"),
    }
    if config.properties is not None:
        # Java reads the file itself. A property that is told to PySpark is written on a command line, secrets too.
        environment["PYSPARK_SUBMIT_ARGS"] = shlex.join(["--properties-file", str(config.properties), "pyspark-shell"])
    if is_loopback(master):
        # Nothing but this machine talks to the driver: listen on the loopback alone.
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        properties |= {"spark.driver.bindAddress": "127.0.0.1", "spark.driver.host": "127.0.0.1"}
    builder = SparkSession.builder.master(master).appName("media_privacy_pipeline").config(map=properties)
    try:
        with _environment(environment):
            if master.startswith("spark://"):
                SparkContext._ensure_initialized(conf=SparkConf(loadDefaults=False).setAll(list(properties.items())))
                admitted(SparkContext._jvm, master)
            return builder.getOrCreate()
    except PySparkRuntimeError:
        raise UsageError(
            f"Spark's Java process ended before it was ready: is MEDIA_PRIVACY_MEMORY_LIMIT={memory_limit} more than "
            f"this machine has, or a property wrong? The Java is {find_java()}"
        ) from None


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Variables that a process which is started in the block takes over, and others do not."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _current() -> Any | None:
    """The session of this process, whichever thread asks: each has its own active one, and all share the first."""
    from py4j.protocol import Py4JError
    from pyspark.sql import SparkSession

    try:
        return SparkSession.getActiveSession() or SparkSession._instantiatedSession
    except (Py4JError, OSError):
        return SparkSession._instantiatedSession


def _alive(running: Any) -> bool:
    """Whether a session still works: Java may have died under it, a server may have ended it."""
    from py4j.protocol import Py4JError

    if not hasattr(running, "_jsparkSession"):
        return not running.is_stopped
    try:
        return not running.sparkContext._jsc.sc().isStopped()
    except (Py4JError, OSError, AttributeError):
        return False


def errors() -> tuple[type[Exception], ...]:
    """What PySpark raises, Connect's client included."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return (PySparkException, Py4JError, *grpc_errors())


def stop() -> None:
    """End the session and its Java process, if there is one, in whatever state they are."""
    from py4j.protocol import Py4JError
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    running = _current()
    with suppress(Py4JError, OSError):
        if running is not None:
            if not hasattr(running, "_jsparkSession"):
                disconnect(running)
                return
            running.stop()
    gateway = SparkContext._gateway
    if gateway is not None:
        # `stop` leaves the Java process and its sockets open until the interpreter dies.
        with suppress(Py4JError, OSError):
            gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=30)
        SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None
        SparkSession._instantiatedSession = None


def spark_memory(limit: str) -> str:
    """Java's word for DuckDB's memory limit: "3GB" is "3g"."""
    return limit.strip().lower().removesuffix("b").removesuffix("i")
