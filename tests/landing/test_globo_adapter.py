"""Hourly click files of the Globo portal become a landing zone; its codes stay opaque where nobody knows them."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.landing.globo import import_globo

HEADER = (
    "user_id,session_id,session_start,session_size,click_article_id,click_timestamp,click_environment,"
    "click_deviceGroup,click_os,click_country,click_region,click_referrer_type\n"
)
# 2017-10-01 03:00 UTC and, of the same session, 2017-10-02 00:00 UTC.
CLICKS = "7,900,1506826800000,2,55,1506826800123,4,3,20,1,20,2\n7,900,1506826800000,2,56,1506902400000,4,1,17,1,16,5\n"
REAL = os.environ.get("MEDIA_PRIVACY_REAL_DATA")
real_data = pytest.mark.skipif(REAL is None, reason="MEDIA_PRIVACY_REAL_DATA is not set")


@pytest.fixture
def clicks(tmp_path: Path) -> Path:
    folder = tmp_path / "globo"
    folder.mkdir()
    (folder / "clicks_hour_000.csv.gz").write_bytes(gzip.compress((HEADER + CLICKS).encode()))
    (folder / "clicks_hour_024.csv.gz").write_bytes(gzip.compress(HEADER.encode()))
    return folder


def events(zone: Path, day: str, hour: str = "000") -> list[dict[str, str]]:
    path = zone / "viewing_events" / f"day={day}" / f"clicks_hour_{hour}.csv.gz"
    with gzip.open(path, "rt") as stream:
        return list(csv.DictReader(stream))


def test_a_click_arrives_on_its_own_day_with_its_time_in_milliseconds(clicks: Path, tmp_path: Path) -> None:
    made = import_globo(clicks, tmp_path / "zone")
    assert (made.events, made.accounts, made.titles, made.days) == (2, 1, 2, 2)
    (first,) = events(tmp_path / "zone", "2017-10-01")
    assert first["event_id"] == "globo-7-55-1506826800123"
    assert first["started_at"] == "1506826800123"
    assert [row["title_id"] for row in events(tmp_path / "zone", "2017-10-02")] == ["56"]


def test_known_codes_are_told_and_the_rest_stays_opaque(clicks: Path, tmp_path: Path) -> None:
    import_globo(clicks, tmp_path / "zone")
    first, second = (events(tmp_path / "zone", day)[0] for day in ("2017-10-01", "2017-10-02"))
    assert (first["device_type"], second["device_type"]) == ("web", "mobile")
    assert (first["country"], first["region"], first["os"], first["referrer"]) == ("ZZ", "ZZ-20", "os-20", "other")


def test_an_hour_without_clicks_stays_a_file_without_rows(clicks: Path, tmp_path: Path) -> None:
    import_globo(clicks, tmp_path / "zone")
    assert events(tmp_path / "zone", "2017-10-02", "024") == []


def test_articles_are_titles_named_by_their_ids(clicks: Path, tmp_path: Path) -> None:
    import_globo(clicks, tmp_path / "zone")
    titles = pq.ParquetFile(tmp_path / "zone" / "titles" / "articles.parquet").read().to_pylist()
    assert titles == [{"title_id": n, "title": n, "kind": "news"} for n in ("55", "56")]


def test_the_readme_cites_both_papers_and_repeats_the_terms(clicks: Path, tmp_path: Path) -> None:
    import_globo(clicks, tmp_path / "zone")
    text = (tmp_path / "zone" / "README.md").read_text()
    for word in ("DLRS 2018", "IEEE Access 7", "non-commercial", "not to be redistributed", "holds no consent records"):
        assert word in text


def test_a_folder_without_clicks_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Looked for clicks_hour_\*\.csv\.gz"):
        import_globo(tmp_path, tmp_path / "zone")


@pytest.mark.parametrize("damage", [HEADER.encode() + b"secret,x\n", b"\x1f\x8bnot gzip"])
def test_a_damaged_hour_is_named_without_its_rows_and_leaves_no_zone(
    clicks: Path, tmp_path: Path, damage: bytes
) -> None:
    data = damage if damage.startswith(b"\x1f") else gzip.compress(damage)
    (clicks / "clicks_hour_001.csv.gz").write_bytes(data)
    with pytest.raises(UsageError, match=r"clicks_hour_001\.csv\.gz: not an hour") as told:
        import_globo(clicks, tmp_path / "zone")
    assert "secret" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["globo"]


@real_data
@pytest.mark.real_data
@pytest.mark.slow
def test_the_real_clicks_are_taken_in_whole(tmp_path: Path) -> None:
    made = import_globo(Path(str(REAL)) / "globo", tmp_path / "zone")
    assert made.events == 1_085_983
    assert made.titles == 20_027
