"""What every test stands on: both engines behind one fixture, a session factory, and an environment of its own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.settings import Settings

pytest_plugins = ["postgres_fixture", "cli_fixture", "cluster_fixture", "store_fixture"]

# A failing example prints the line that reproduces it; the machine is shared, so a slow example is no failure.
hypothesis_settings.register_profile("house", deadline=None, print_blob=True)
hypothesis_settings.load_profile("house")

# No result may depend on the zone of the machine: run everything where local time is far from UTC, at an odd offset.
os.environ["TZ"] = "Asia/Kathmandu"
time.tzset()

# Nights are run by the dozen here; what the audit does at full size has tests of its own.
os.environ["MEDIA_PRIVACY_AUDIT_SIZE"] = "small"
# Tests give Spark tables of a few rows: what its Java process would win by compiling for long runs, it never gets back.
# What it compiles for hundreds of queries fills the 48 MB that it then allows itself; all after that was interpreted.
os.environ["SPARK_SUBMIT_OPTS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=1g"

_KEPT = {"MEDIA_PRIVACY_REAL_DATA", "MEDIA_PRIVACY_AUDIT_SIZE"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under xdist's loadgroup all Spark tests share one worker, hence one JVM; so do those that need a finished night,
    which is then run once; and so does a module whose tests share what one of its fixtures made."""
    for item in items:
        if item.get_closest_marker("spark"):
            item.add_marker(pytest.mark.xdist_group("spark"))
        elif {"night", "early"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("night"))
        elif _shares(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.split("::")[0]))


def _shares(item: pytest.Item) -> bool:
    found = getattr(item, "_fixtureinfo", None)
    fixtures = (
        [] if found is None else [each for name in found.names_closure for each in found.name2fixturedefs.get(name, ())]
    )
    return any(fixture.scope == "module" for fixture in fixtures)


@pytest.fixture(autouse=True)
def _own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the caller's settings or home reaches a test, and a test that forgets a path writes to tmp_path."""
    for name in [name for name in os.environ if name.startswith(("MEDIA_PRIVACY_", "DAGSTER_")) and name not in _KEPT]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("MEDIA_PRIVACY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MEDIA_PRIVACY_LANDING", str(tmp_path / "landing"))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))


@pytest.fixture(scope="session")
def spark_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Spark, started once a test process and stopped with it: in this machine's Java, or where TESTS_SPARK_* say."""
    from media_privacy_pipeline.engines.spark import SparkEngine, stop
    from media_privacy_pipeline.engines.spark_config import SparkConfig

    files = {
        name: Path(os.environ[f"TESTS_SPARK_{name.upper()}"])
        for name in ("properties", "token_file")
        if f"TESTS_SPARK_{name.upper()}" in os.environ
    }
    master = os.environ.get("TESTS_SPARK_MASTER", "local[2]")
    engine = SparkEngine(tmp_path_factory.mktemp("spark"), master=master, config=SparkConfig(**files))
    engine.fetch("select 1 as one", {})
    from pyspark.sql import SparkSession

    # A few rows want no shuffling between eight partitions; two are still more than one.
    SparkSession.active().conf.set("spark.sql.shuffle.partitions", "2")
    yield engine
    stop()


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=pytest.mark.spark)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    """Each engine in turn: a test that takes it holds for both."""
    if request.param == "spark":
        spark: Engine = request.getfixturevalue("spark_engine")
        return spark
    return DuckDBEngine(tmp_path / "work", memory_limit="1GB")


@pytest.fixture
def make_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Session]:
    """`make_session(**settings)`: a session whose home is tmp_path/home and whose landing zone is tmp_path/landing.

    A setting that is given wins, so `make_session(home=other)` opens a second home. Tests that want Spark ask for
    `spark_engine` as well, so that the JVM ends with the test process.
    """

    def make(**settings: Any) -> Session:
        return Session(Settings(**{"memory_limit": "1GB", **settings}))

    return make
