"""Every model gives the same rows, and its contract's types, on DuckDB and on Spark."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from random_tables import ARROW, NOON, random_table

from media_privacy_pipeline import policy
from media_privacy_pipeline.engines import Engine, Folder
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.settings import PROJECT
from media_privacy_pipeline.sql import Project, load_project

SEEDS = (1,)

PARAMETERS: dict[str, Any] = {
    "as_of": NOON,
    "guest_profiles": "|a|",
    "lateness_days": 1,
    "max_skew_seconds": 300,
    "minor_age": 16,
    "named": "training",
    "origin": date(2024, 3, 1),
    "private_app_versions": "|a|12|",
    "proof_required": "|agent|parent|",
    "purpose": "viewer",
    "shift_micros": 999_999,
    "shift_seconds": 43_200,
    "soon": datetime(2024, 4, 1),
    "split": datetime(2024, 3, 1),
}
"""A value for every parameter of every model: a new one needs a line here."""


@cache
def the_project() -> Project:
    return load_project(PROJECT / "dbt_like_sql", policy.load())


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Folder]]:
    """Every contract's table, random, once for each seed, as files that both engines read."""
    contracts = the_project().contracts
    typed = {
        c.name: c.data_type for name, table in contracts.items() if name.startswith("accepted_") for c in table.columns
    }
    made: dict[int, dict[str, Folder]] = {}
    for seed in SEEDS:
        root = tmp_path_factory.mktemp(f"tables-{seed}")
        for name, contract in contracts.items():
            file = root / f"{name}.parquet"
            pq.write_table(random_table(contract, typed, seed), file)
            made.setdefault(seed, {})[name] = Folder(root, [file], contract.types)
    return made


@pytest.fixture(scope="module")
def engines(spark_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Engine, Engine]]:
    spark_engine.fetch("select 1 as one", {})
    from pyspark.sql import SparkSession

    session = SparkSession.active()
    # Forty rows want no shuffling between eight partitions: a third of the time.
    before = session.conf.get("spark.sql.shuffle.partitions")
    session.conf.set("spark.sql.shuffle.partitions", "1")
    yield DuckDBEngine(tmp_path_factory.mktemp("duckdb"), memory_limit="1GB"), spark_engine
    session.conf.set("spark.sql.shuffle.partitions", before)


@pytest.mark.spark
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("model", the_project().order)
def test_a_model_gives_the_same_on_both_engines(
    model: str, seed: int, inputs: dict[int, dict[str, Folder]], engines: tuple[Engine, Engine]
) -> None:
    project = the_project()
    sql = project.render(model, {name: PARAMETERS[name] for name in project.parameters(model)})
    tables = {name: inputs[seed][name] for name in project.sources(model)}
    on_duckdb, on_spark = (engine.fetch(sql, tables) for engine in engines)
    assert _rows(on_duckdb) == _rows(on_spark)
    assert _types(on_duckdb) == _types(on_spark)
    if model in project.contracts:
        assert _types(on_duckdb) == {name: ARROW[kind] for name, kind in project.contracts[model].types.items()}


def _types(table: pa.Table) -> dict[str, pa.DataType]:
    """Types by column; how an engine calls the members of a list is left out."""
    lists = {field.name: pa.list_(field.type.value_type) for field in table.schema if pa.types.is_list(field.type)}
    return {field.name: lists.get(field.name, field.type) for field in table.schema}


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    rows = [tuple(_comparable(value) for value in row.values()) for row in table.to_pylist()]
    return sorted(rows, key=repr)


def _comparable(value: Any) -> Any:
    """Doubles to twelve digits: the engines add in another order."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else float(f"{value:.12g}")
    return value


def test_every_random_table_has_rows(inputs: dict[int, dict[str, Folder]]) -> None:
    assert all(pq.read_metadata(Path(f.files[0])).num_rows > 1 for tables in inputs.values() for f in tables.values())
