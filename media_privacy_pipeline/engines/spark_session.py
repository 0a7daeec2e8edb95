"""The one Spark session of a process: quiet, in UTC, ANSI, and gone when it is told to."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from .jre import java_home

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


def session(master: str, work: Path, memory_limit: str = "3GB") -> Any:
    """The session of this process, started on first use (7 to 15 s).

    Raises UsageError where there is no Java for it.
    """
    work.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        # PySpark 4.3 warns of pandas 3 when it is imported; Arrow, and not pandas, carries our data.
        warnings.simplefilter("ignore")
        from pyspark.sql import SparkSession

        running = SparkSession.getActiveSession()
        if running is not None:
            return running
        # PySpark logs the text of every error, values of rows included, on stderr before it raises it.
        logging.getLogger("SQLQueryContextLogger").disabled = True
        os.environ["JAVA_HOME"] = str(java_home(work))
        # Python on executors runs under the interpreter that has this package, not under the first python3 of the path.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        log = work / "log4j2.properties"
        log.write_text(_LOG4J)
        builder = (
            SparkSession.builder.master(master)
            .appName("media_privacy_pipeline")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.timestampType", "TIMESTAMP_NTZ")
            .config("spark.sql.ansi.enabled", "true")
            .config("spark.sql.shuffle.partitions", "8")
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={log.as_uri()} -Duser.timezone=UTC")
            .config("spark.driver.memory", spark_memory(memory_limit))
            .config("spark.local.dir", str(work))
            .config("spark.sql.warehouse.dir", str(work / "warehouse"))
        )
        if master.startswith("local"):
            # Nothing but this process talks to the driver: listen on the loopback alone.
            os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
            builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
        return builder.getOrCreate()


def errors() -> tuple[type[Exception], ...]:
    """What PySpark raises."""
    from py4j.protocol import Py4JError  # type: ignore[import-untyped]
    from pyspark.errors import PySparkException

    return (PySparkException, Py4JError)


def stop() -> None:
    """End the session and its Java process, if there is one."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is None:
        return
    running.stop()
    gateway = SparkContext._gateway
    if gateway is not None:
        # `stop` leaves the Java process and its sockets open until the interpreter dies.
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=30)
        SparkContext._gateway = SparkContext._jvm = None


def spark_memory(limit: str) -> str:
    """Java's word for DuckDB's memory limit: "3GB" is "3g"."""
    return limit.strip().lower().removesuffix("b").removesuffix("i")
