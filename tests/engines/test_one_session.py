"""One Spark session a process: every thread gets it, and none ends it for the others."""

from __future__ import annotations

from threading import Thread

import pytest

from media_privacy_pipeline.engines import Engine


@pytest.mark.spark
def test_another_thread_uses_the_same_session(spark_engine: Engine) -> None:
    from pyspark import SparkContext

    before, found = SparkContext._gateway, []
    thread = Thread(target=lambda: found.append(spark_engine.fetch("select 1 as one", {}).to_pylist()))
    thread.start()
    thread.join()
    assert found == [[{"one": 1}]]
    assert SparkContext._gateway is before
    assert spark_engine.fetch("select 2 as two", {}).to_pylist() == [{"two": 2}]
