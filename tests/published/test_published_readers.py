"""Every reader sees the same rows of the current release."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from publishing_house import SECOND, VIEWERS, put_day, span

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.published import Release, open_release
from media_privacy_pipeline.published.layout import Layout
from media_privacy_pipeline.published.steps import candidate, publish

PLAYS = [1.0, 1.0, 3.0, 4.0]


@pytest.fixture
def opened(session: Session) -> Release:
    for _ in range(2):
        candidate(session, span())
        publish(session, span())
        put_day(session, SECOND, [3.0, 4.0])
    return open_release(session.settings.home)


def test_arrow_pandas_and_duckdb_agree(opened: Release) -> None:
    assert sorted(opened.arrow("title_daily")["plays"].to_pylist()) == PLAYS
    assert sorted(opened.pandas("title_daily")["plays"]) == PLAYS
    relation = opened.duckdb("title_daily")
    assert relation.columns == [column.name for column in opened.manifest.tables["title_daily"].columns]
    assert relation.aggregate("sum(plays)").fetchall() == [(9.0,)]
    assert opened.duckdb("recommendations").aggregate("count(*)").fetchall() == [(len(VIEWERS),)]


def test_duckdb_alone_reads_the_open_tables_in_two_lines(opened: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Layout(opened.home).root)
    current = Path("CURRENT").read_text().strip()
    with duckdb.connect() as connection:
        connection.execute(Path(f"_releases/{current}.sql").read_text())
        assert connection.execute("select sum(plays) from title_daily").fetchall() == [(9.0,)]
        views = {
            name for (name,) in connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        }
    assert views == {"title_daily", "row_accounting", "audit_findings"}


def test_the_home_may_be_moved(opened: Release, tmp_path: Path) -> None:
    opened.home.rename(tmp_path / "elsewhere")
    assert open_release(tmp_path / "elsewhere").arrow("title_daily").num_rows == len(PLAYS)


def test_open_tables_need_no_key(opened: Release, tmp_path: Path) -> None:
    without = open_release(opened.home, keys=tmp_path / "no.keys")
    assert without.arrow("title_daily").num_rows == len(PLAYS)
    with pytest.raises(UsageError, match="no key file"):
        without.arrow("recommendations")


@pytest.mark.spark
def test_spark_reads_open_and_restricted_tables(opened: Release, spark_engine: Engine) -> None:
    from pyspark.sql import SparkSession

    spark_engine.fetch("select 1 as one", {})
    spark = SparkSession.getActiveSession()
    assert spark is not None
    assert sorted(row.plays for row in opened.spark(spark, "title_daily").collect()) == PLAYS
    assert opened.spark(spark, "recommendations").count() == len(VIEWERS)
