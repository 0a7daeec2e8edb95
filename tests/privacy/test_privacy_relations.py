"""A DuckDB relation or a Spark DataFrame is released as it is, and to the same sums as any source."""

from __future__ import annotations

import doctest
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from privacy_world import FIRST, events

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.privacy import Desk, Source, release
from media_privacy_pipeline.release_policy import TableStatement

TITLES = {"title_id": ["it's", *(f"t{n:03d}" for n in range(50))]}
DAYS = [FIRST, FIRST + timedelta(days=1)]
SQL = """
select account_key, cast(started_at as date) as day, title_id, device_type as device, 1 as plays,
  watched_seconds as seconds from watched
"""
DOCS = Path(__file__).parents[2] / "docs" / "privacy-releases.md"


def _silent(values: np.ndarray, sigma: int) -> np.ndarray:
    return values


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def relation(request: pytest.FixtureRequest) -> Any:
    """The same rows in a connection or a session of the caller's own."""
    rows = events(30, 2)
    if request.param == "duckdb":
        connection = duckdb.connect()
        connection.execute("set python_enable_replacements = false")
        connection.register("watched", rows)
        return connection.sql(SQL)
    request.getfixturevalue("spark_engine").fetch("select 1 as one", {})
    from pyspark.sql import SparkSession

    spark = SparkSession.getActiveSession()
    spark.createDataFrame(rows).createOrReplaceTempView("watched")
    return spark.sql(SQL)


@pytest.mark.parametrize("unknown", [False, True])
def test_it_is_released_to_the_same_rows_as_a_source(
    relation: Any, duck: Engine, make_desk: Callable[..., Desk], statement: TableStatement, unknown: bool
) -> None:
    if unknown:
        change = {"cells": {"title_id": {"unknown": True}}, "threshold_delta": 1e-3, "mu": 6}
        statement = TableStatement.model_validate(statement.model_dump() | change)
    desk = make_desk(epsilon=1e6, noise=_silent)
    desk.ledger.budget = desk.ledger.budget.model_copy(update={"delta": 0.1})
    source = Source(SQL, {"watched": events(30, 2)})
    expected = release("one", statement, source, desk, duck, days=DAYS, public=TITLES)
    found = release("other", statement, relation, desk, days=DAYS, public=TITLES)
    for day in DAYS:
        one, other = (pq.read_table(each[day].path) for each in (expected, found))
        assert one.num_rows > 0
        assert one.equals(other)


def test_another_kind_of_source_is_named(make_desk: Callable[..., Desk], statement: TableStatement) -> None:
    for source, words in (([1], "not of a list"), (Source("select 1", {}), "read by an engine")):
        with pytest.raises(UsageError, match=words):
            release("toy", statement, source, make_desk(), days=DAYS, public=TITLES)


def test_the_documented_example_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    results = doctest.testfile(str(DOCS), module_relative=False, raise_on_error=True, encoding="utf-8")
    assert results.attempted > 10
