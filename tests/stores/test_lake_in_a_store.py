"""A lake in an object store: what one put makes true at once, what a crash leaves, and whose it is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import boto3
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from store_fixture import Store

from media_privacy_pipeline.errors import Refused, UsageError
from media_privacy_pipeline.lake import Lake
from media_privacy_pipeline.settings import Settings
from media_privacy_pipeline.stores import Bucket, lake_of

DAYS = [date(2026, 1, 1), date(2026, 1, 2)]


@pytest.fixture
def settings(tmp_path: Path, bucket_url: str) -> Settings:
    return Settings(home=tmp_path / "home", lake_url=f"{bucket_url}/lake")


@pytest.fixture
def bucket(settings: Settings) -> Bucket:
    return Bucket(str(settings.lake_url))


def fill(lake: Lake, fingerprint: str, rows: int) -> None:
    with lake.write("t", fingerprint, DAYS) as staging:
        for day in DAYS:
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            pq.write_table(pa.table({"n": range(rows)}), folder / "part-0.parquet")


def numbers(lake: Lake) -> list[int]:
    return [n for file in lake.files("t") for n in pq.ParquetFile(file).read()["n"].to_pylist()]


def parts(bucket: Bucket) -> list[str]:
    return [item.name for item in bucket.items() if item.name.endswith(".parquet")]


def test_another_process_sees_what_was_written(settings: Settings, bucket: Bucket) -> None:
    fill(lake_of(settings), "a", 2)
    fill(lake_of(settings), "b", 3)
    seen = lake_of(settings)
    assert (seen.tables(), seen.days("t"), numbers(seen)) == (["t"], DAYS, [0, 1, 2] * 2)
    assert seen.is_current("t", "b", DAYS)
    assert len(parts(bucket)) == 2, "what was replaced is deleted"


def test_what_was_just_written_is_not_fetched_again(settings: Settings, store: Store) -> None:
    lake = lake_of(settings)
    fill(lake, "a", 2)
    store.requests.clear()
    assert numbers(lake) == [0, 1] * 2
    assert store.requests == []


@pytest.mark.parametrize("puts", range(4))
def test_a_store_that_fails_at_any_put_leaves_what_was_there(
    settings: Settings, store: Store, bucket: Bucket, puts: int
) -> None:
    fill(lake_of(settings), "a", 2)
    lake = lake_of(settings)
    store.fails(after=puts, status=503, code="SlowDown")
    if puts < 3:
        with pytest.raises(Refused, match=r"answered 503 .* nothing that was stored is lost"):
            fill(lake, "b", 3)
    else:
        fill(lake, "b", 3)
    expected = [0, 1] * 2 if puts < 3 else [0, 1, 2] * 2
    assert numbers(lake_of(settings)) == expected
    lake_of(settings).sweep()
    assert len(parts(bucket)) == 2
    assert numbers(lake_of(settings)) == expected


def test_two_writers_do_not_mix(settings: Settings) -> None:
    one, other = lake_of(settings), lake_of(settings)
    fill(one, "a", 1)
    assert numbers(other) == [0] * 2
    fill(one, "b", 2)
    with pytest.raises(Refused, match="another process wrote this table meanwhile"):
        fill(other, "c", 3)
    assert numbers(lake_of(settings)) == [0, 1] * 2


def test_a_lake_has_one_home(settings: Settings, tmp_path: Path) -> None:
    fill(lake_of(settings), "a", 1)
    other = lake_of(Settings(home=tmp_path / "other", lake_url=settings.lake_url))
    with pytest.raises(UsageError, match="another home's lake"):
        other.sweep()
    with pytest.raises(UsageError, match="another home's lake"):
        fill(other, "b", 1)


def test_rewritten_rows_are_in_no_object_and_in_no_copy(settings: Settings, bucket: Bucket) -> None:
    lake = lake_of(settings)
    fill(lake, "a", 3)
    before = parts(bucket)
    numbers(lake)
    lake.rewrite("t", lambda piece: pc.not_equal(piece["n"], 1), "erasure 1", DAYS[:1])
    assert numbers(lake) == [0, 2, 0, 1, 2]
    assert len(set(parts(bucket)) & set(before)) == 1
    for name in parts(bucket):
        with bucket.reading(name) as source:
            assert (1 in pq.read_table(source)["n"].to_pylist()) == (str(DAYS[1]) in name)
    copies = {str(file.relative_to(lake.root)) for file in lake.root.rglob("*.parquet")}
    assert copies == set(parts(bucket))


def test_a_bucket_that_keeps_versions_holds_no_lake(settings: Settings, bucket_url: str) -> None:
    client = boto3.client("s3")
    for status in ("Enabled", "Suspended"):
        client.put_bucket_versioning(
            Bucket=bucket_url.removeprefix("s3://"), VersioningConfiguration={"Status": status}
        )
        with pytest.raises(Refused, match="versioning was never switched on"):
            lake_of(settings).sweep()


def test_unfinished_work_outlives_the_scratch_space(settings: Settings) -> None:
    def is_killed() -> None:
        with lake_of(settings).go_on("lists", "f") as folder:
            assert settings.work not in folder.parents
            pq.write_table(pa.table({"n": [1]}), folder / "part-0.parquet")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        is_killed()
    lake = lake_of(settings)
    with lake.go_on("lists", "f") as again:
        assert [file.name for file in again.iterdir()] == ["part-0.parquet"]
    assert (lake.rows("lists"), again.exists()) == (1, False)


def test_copies_keep_to_the_limit_and_held_ones_stay(settings: Settings) -> None:
    fill(lake_of(settings), "a", 1000)
    (size, _) = [file.stat().st_size for file in lake_of(settings).files("t")]
    lake = lake_of(settings.model_copy(update={"cache_limit": f"{int(1.5 * size)}"}))
    for file in lake.root.rglob("*.parquet"):
        file.unlink()
    (first,) = lake.files("t", DAYS[:1])
    with pytest.raises(Refused, match="MEDIA_PRIVACY_CACHE_LIMIT"):
        lake.files("t")
    (second,) = lake.files("t", DAYS[1:])
    assert first.exists(), "somebody reads it"
    gone = Path(first)
    del first, second
    (third,) = lake.files("t", DAYS[1:])
    lake.files("t", DAYS[:1])
    assert third.exists()
    del third
    lake.files("t", DAYS[:1])
    lake.files("t", DAYS[1:])
    assert not gone.exists()


def test_a_limit_that_is_no_size_is_told(settings: Settings) -> None:
    with pytest.raises(UsageError, match="not a size such as 20GB"):
        lake_of(settings.model_copy(update={"cache_limit": "plenty"}))
