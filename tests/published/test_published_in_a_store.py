"""A release in an object store is the release that it would be in a folder, to every reader."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import boto3
import pytest
from publishing_house import (
    SECOND,
    VIEWERS,
    House,
    put_all,
    put_audit,
    put_day,
    put_recommendations,
    span,
    write_contracts,
)

from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.published import open_release, opened, release_ids, steps
from media_privacy_pipeline.published.gate import Verdict
from media_privacy_pipeline.published.shelf import shelf_of
from media_privacy_pipeline.published.steps import candidate, publish
from media_privacy_pipeline.stores import Bucket


@pytest.fixture
def url(bucket_url: str) -> str:
    return f"{bucket_url}/of/us"


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the gate looks into is tried in one test: it takes most of the time."""
    monkeypatch.setattr(steps, "verify", lambda *_: Verdict((), ()))


@pytest.fixture
def session(tmp_path: Path, make_session: Callable[..., Session], house: House, url: str) -> Session:
    write_contracts(tmp_path / "sql")
    made = make_session(sql=tmp_path / "sql", home=tmp_path / "home", keys=tmp_path / "k.keys", published_url=url)
    put_all(made)
    return made


def release(session: Session, last: date = SECOND) -> str:
    candidate(session, span(last))
    return str(publish(session, span(last)).metadata["release_id"])


@pytest.mark.usefixtures("unseen")
def test_every_reader_sees_what_the_folder_would_hold(
    session: Session, url: str, tmp_path: Path, make_session: Callable[..., Session]
) -> None:
    local = make_session(sql=tmp_path / "sql", home=tmp_path / "home", keys=tmp_path / "k.keys")
    for _ in range(2):
        assert release(session) == release(local)
        put_day(session, SECOND, [3.0, 4.0])
    here, there = open_release(local.settings.home), open_release(url, keys=tmp_path / "k.keys")
    assert there.manifest.tables["title_daily"] == here.manifest.tables["title_daily"]
    for table in here.tables:
        assert there.arrow(table).equals(open_release(local.settings.home, keys=tmp_path / "k.keys").arrow(table))
    assert there.pandas("title_daily")["plays"].sum() == 9.0
    relation = there.duckdb("title_daily")
    assert relation.columns == here.duckdb("title_daily").columns
    assert relation.filter("day = date '2024-01-02'").aggregate("sum(plays)").fetchall() == [(7.0,)]
    assert there.duckdb("recommendations").aggregate("count(*)").fetchall() == [(len(VIEWERS),)]
    assert release_ids(url) == release_ids(local.settings.home)
    assert there.changed("title_daily") == []
    with pytest.raises(UsageError, match="want the key file"):
        open_release(url).arrow("recommendations")
    with pytest.raises(UsageError, match="`urls` names them"):
        there.files("title_daily")


@pytest.mark.spark
@pytest.mark.usefixtures("store_on_executors", "unseen")
def test_spark_reads_it_through_arrow_on_the_executors(session: Session, url: str, spark_engine: Engine) -> None:
    from pyspark.sql import SparkSession

    release(session)
    spark = SparkSession.getActiveSession()
    assert spark is not None
    frame = open_release(url).spark(spark, "title_daily")
    assert sorted(row.plays for row in frame.collect()) == [1.0, 1.0]
    assert frame.columns == list(open_release(url).arrow("title_daily").column_names)
    assert "verysecret" not in frame._jdf.queryExecution().toString()


@pytest.mark.usefixtures("unseen")
def test_a_second_run_writes_nothing(session: Session, url: str) -> None:
    first = release(session)
    before = [(item.name, item.modified) for item in Bucket(url).items()]
    candidate(session, span())
    assert publish(session, span()).skipped
    assert [(item.name, item.modified) for item in Bucket(url).items()] == before
    assert opened(session.settings).release_id == first


def test_what_the_gate_finds_changed_in_the_store_is_refused(session: Session, url: str) -> None:
    release(session)
    (entry,) = open_release(url).manifest.tables["recommendations"].files
    Bucket(url).write(entry.path, b"something else")
    put_day(session, SECOND, [3.0, 4.0])
    with pytest.raises(Refused, match="is not what was staged"):
        release(session)


@pytest.mark.usefixtures("unseen")
def test_superseded_restricted_files_leave_the_store(session: Session, url: str) -> None:
    first = release(session)
    for generation, later in enumerate((SECOND + timedelta(days=1), SECOND + timedelta(days=60)), start=2):
        put_recommendations(session, generation)
        put_audit(session, later)
        second = release(session, later)
    with pytest.raises(Refused, match="were retired"):
        open_release(url, first, keys=session.settings.key_file).arrow("recommendations")
    restricted = {item.name.split("/")[2] for item in Bucket(url).items("restricted/")}
    assert second in restricted
    assert first not in restricted
    assert open_release(url, first).arrow("title_daily").num_rows == 2


@pytest.mark.usefixtures("unseen")
def test_duckdb_is_given_addresses(session: Session, url: str) -> None:
    release_id = release(session)
    found = Bucket(url).read(f"_releases/{release_id}.sql")
    assert found is not None
    assert f"read_parquet(['{url}/open/title_daily/{release_id}/part-" in found.content.decode()


@pytest.mark.usefixtures("unseen")
def test_a_bucket_that_keeps_versions_is_refused(session: Session, url: str) -> None:
    boto3.client("s3").put_bucket_versioning(Bucket=url.split("/")[2], VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(Refused, match="keeps older versions"):
        release(session)
    assert shelf_of(session.settings).releases() == []


@pytest.mark.usefixtures("unseen")
def test_a_folder_elsewhere_is_opened_as_it_is(
    tmp_path: Path, make_session: Callable[..., Session], house: House
) -> None:
    write_contracts(tmp_path / "sql")
    place = tmp_path / "elsewhere"
    session = make_session(sql=tmp_path / "sql", published_url=str(place))
    put_all(session)
    assert release(session) == open_release(place).release_id
    assert not session.settings.home.joinpath("published").exists()


def test_other_schemes_are_no_places() -> None:
    with pytest.raises(UsageError, match="s3://bucket/prefix"):
        open_release("gs://bucket/prefix")


def test_nothing_published_yet(url: str) -> None:
    with pytest.raises(UsageError, match="nothing was published here yet"):
        open_release(url)
