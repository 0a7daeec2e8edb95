"""A release in an Iceberg catalogue: tagged, read back by every engine from the files that it has anyway, dropped."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from publishing_house import SECOND, House, put_all, put_audit, put_day, span, write_contracts
from typer.testing import CliRunner

from media_privacy_pipeline.cli.app import app
from media_privacy_pipeline.engines import Engine, Session
from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.published import iceberg, open_release, steps
from media_privacy_pipeline.published.gate import Verdict
from media_privacy_pipeline.published.on_executors import frame
from media_privacy_pipeline.published.shelf import shelf_of
from media_privacy_pipeline.published.steps import candidate, publish
from media_privacy_pipeline.stores import Bucket

everywhere = pytest.mark.parametrize("place", ["folder", "store"])


@pytest.fixture
def place() -> str:
    return "folder"


@pytest.fixture
def session(
    request: pytest.FixtureRequest, tmp_path: Path, make_session: Callable[..., Session], house: House, place: str
) -> Session:
    write_contracts(tmp_path / "sql")
    # What the gate looks into is tried elsewhere.
    request.getfixturevalue("monkeypatch").setattr(steps, "verify", lambda *_: Verdict((), ()))
    url = request.getfixturevalue("bucket_url") + "/out" if place == "store" else None
    made = make_session(
        sql=tmp_path / "sql", published_url=url, iceberg_url=f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    )
    put_all(made)
    return made


def release(session: Session, last_day: int = 0) -> str:
    last = SECOND + timedelta(days=last_day)
    put_audit(session, last)
    candidate(session, span(last))
    return str(publish(session, span(last)).metadata["release_id"])


def catalogue_of(session: Session) -> iceberg.Catalog:
    return iceberg.open_catalogue(str(session.settings.iceberg_url), shelf_of(session.settings))


@everywhere
def test_each_release_is_a_tag_on_the_files_that_are_there(session: Session) -> None:
    first = release(session)
    put_day(session, SECOND, [3.0, 4.0])
    second = release(session)
    catalogue = catalogue_of(session)
    table = catalogue.load_table("published.title_daily")
    for release_id, plays in ((first, [1.0, 1.0]), (second, [1.0, 1.0, 3.0, 4.0])):
        snapshot = table.snapshot_by_name(release_id)
        assert snapshot is not None
        rows = table.scan(snapshot_id=snapshot.snapshot_id).to_arrow()
        assert sorted(rows["plays"].to_pylist()) == plays
        opened = open_release(session.settings.published_url or session.settings.home, release_id)
        assert rows.sort_by([("day", "ascending"), ("title_id", "ascending")]).equals(opened.arrow("title_daily"))
        assert iceberg.files(catalogue, "title_daily", release_id) == sorted(opened.urls("title_daily"))
    # What is restricted is encrypted, and no business of a catalogue.
    assert ("published", "recommendations") not in catalogue.list_tables("published")


def test_a_day_that_is_superseded_leaves_the_newer_tag_alone(session: Session) -> None:
    first = release(session)
    put_day(session, SECOND - timedelta(days=1), [8.0])
    second = release(session)
    catalogue = catalogue_of(session)
    old, new = (iceberg.files(catalogue, "title_daily", each) for each in (first, second))
    assert len(old) == len(new) == 1
    assert old != new


def test_past_releases_are_dropped_with_their_snapshots(session: Session) -> None:
    first = release(session)
    put_day(session, SECOND, [3.0, 4.0])
    second = release(session, 1)
    put_day(session, SECOND + timedelta(days=1), [5.0])
    third = release(session, 60)
    catalogue = catalogue_of(session)
    table = catalogue.load_table("published.title_daily")
    assert {name for name, ref in table.refs().items() if ref.snapshot_ref_type == "tag"} == {second, third}
    assert len(table.snapshots()) == 2
    with pytest.raises(UsageError, match="not in the catalogue, or retired"):
        iceberg.files(catalogue, "title_daily", first)
    assert iceberg.register(catalogue, shelf_of(session.settings), session.policy) == (0, 0)


@everywhere
def test_duckdb_reads_the_scan_plan(session: Session) -> None:
    release_id = release(session)
    found = iceberg.files(catalogue_of(session), "title_daily", release_id)
    with duckdb.connect() as connection:
        if session.settings.published_url is None:
            relation = connection.read_parquet(found)
        else:
            bucket = Bucket(session.settings.published_url)
            names = [path.removeprefix(f"{bucket.url}/") for path in found]
            relation = connection.from_arrow(bucket.dataset(names, open_release(bucket.url).schema("title_daily")))
        assert relation.aggregate("sum(plays)").fetchall() == [(2.0,)]


@pytest.mark.spark
@pytest.mark.parametrize("place", ["store"])
@pytest.mark.usefixtures("store_on_executors")
def test_spark_reads_the_scan_plan(session: Session, spark_engine: Engine) -> None:
    from pyspark.sql import SparkSession

    release_id = release(session)
    found = iceberg.files(catalogue_of(session), "title_daily", release_id)
    spark = SparkSession.getActiveSession()
    assert spark is not None
    bucket = Bucket(str(session.settings.published_url))
    names = [path.removeprefix(f"{bucket.url}/") for path in found]
    read = frame(spark, bucket, names, open_release(bucket.url).schema("title_daily"))
    assert sorted(row.plays for row in read.collect()) == [1.0, 1.0]


def test_a_catalogue_that_fails_leaves_the_release_out_and_is_told_later(
    session: Session, tmp_path: Path, make_session: Callable[..., Session]
) -> None:
    given = session.settings.model_dump()
    broken = make_session(**{**given, "iceberg_url": f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}"})
    put_day(broken, SECOND, [3.0])
    candidate(broken, span())
    with pytest.raises(Refused, match="the release itself is out"):
        publish(broken, span())
    current = shelf_of(session.settings).pointer().release_id
    assert current is not None
    assert publish(session, span()).skipped
    assert iceberg.files(catalogue_of(session), "title_daily", current)


def test_the_command_registers_what_is_out_already(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = Session(session.settings.model_copy(update={"iceberg_url": None}))
    release_id = release(quiet)
    command = ["catalogue", "--home", str(session.settings.home), "--json"]
    refused = CliRunner().invoke(app, command)
    assert isinstance(refused.exception, UsageError)
    monkeypatch.setenv("MEDIA_PRIVACY_ICEBERG_URL", str(session.settings.iceberg_url))
    told = json.loads(CliRunner().invoke(app, command, catch_exceptions=False).stdout)
    assert told == {"release": release_id, "tables_tagged": 3, "tags_dropped": 0}
    assert iceberg.files(catalogue_of(session), "title_daily", release_id)
