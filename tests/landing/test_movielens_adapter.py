"""MovieLens sets of each layout become landing zones; whatever is no such set is refused by name."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.landing.movielens import import_movielens

# Two people, three ratings on two days (1998-01-01 and 1998-01-03).
RATINGS = [(1, 10, 5, 883_612_800), (1, 11, 3, 883_612_860), (2, 10, 4, 883_785_600)]
REAL = os.environ.get("MEDIA_PRIVACY_REAL_DATA")
real_data = pytest.mark.skipif(REAL is None, reason="MEDIA_PRIVACY_REAL_DATA is not set")


def write_100k(folder: Path) -> None:
    folder.mkdir()
    (folder / "u.data").write_text("".join("\t".join(map(str, row)) + "\n" for row in RATINGS))
    (folder / "u.genre").write_text("unknown|0\nComedy|1\nDrama|2\n\n")
    films = "10|Caf\xe9 Society (1995)|01-Jan-1995||url|0|1|1\n11|unknown||||1|0|0\n"
    (folder / "u.item").write_text(films, encoding="latin-1")
    (folder / "u.user").write_text("1|24|M|writer|85711\n2|11|F|student|94043\n")


def write_1m(folder: Path) -> None:
    folder.mkdir()
    (folder / "ratings.dat").write_text("".join("::".join(map(str, row)) + "\n" for row in RATINGS))
    films = "10::Caf\xe9 Society (1995)::Comedy|Drama\n11::Untitled::Drama\n"
    (folder / "movies.dat").write_text(films, encoding="latin-1")
    (folder / "users.dat").write_text("1::M::25::12::85711\n2::F::1::10::94043\n")


def write_csv(folder: Path) -> None:
    folder.mkdir()
    lines = "".join(f"{user},{movie},{stars}.0,{at}\n" for user, movie, stars, at in RATINGS)
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + lines)
    films = '10,"Café, Society (1995)",Comedy|Drama\n11,Untitled,(no genres listed)\n'
    (folder / "movies.csv").write_text("movieId,title,genres\n" + films, encoding="utf-8")


def read(folder: Path) -> list[dict[str, Any]]:
    """Rows of all Parquet files under a folder, in the order of their names."""
    return [row for file in sorted(folder.rglob("*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]


@pytest.mark.parametrize("write", [write_100k, write_1m, write_csv])
def test_a_rating_is_a_play_of_unknown_length_on_its_own_day(tmp_path: Path, write: Callable[[Path], None]) -> None:
    write(tmp_path / "set")
    made = import_movielens(tmp_path / "set", tmp_path / "zone")
    assert (made.events, made.accounts, made.titles, made.days) == (3, 2, 2, 2)
    days = [folder.name for folder in sorted((tmp_path / "zone" / "viewing_events").iterdir())]
    assert days == ["day=1998-01-01", "day=1998-01-03"]
    assert read(tmp_path / "zone" / "viewing_events")[2] == {
        "event_id": "ml-2-10",
        "account_id": "2",
        "title_id": "10",
        "started_at": datetime(1998, 1, 3, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("write", "title", "genres"),
    [
        (write_100k, "Café Society", ["Comedy", "Drama"]),
        (write_1m, "Café Society", ["Comedy", "Drama"]),
        (write_csv, "Café, Society", ["Comedy", "Drama"]),
    ],
)
def test_titles_keep_their_names_years_and_genres(
    tmp_path: Path, write: Callable[[Path], None], title: str, genres: list[str]
) -> None:
    write(tmp_path / "set")
    import_movielens(tmp_path / "set", tmp_path / "zone")
    known, unknown = read(tmp_path / "zone" / "titles")
    assert (known["title"], known["release_year"], known["genres"]) == (title, 1995, genres)
    assert unknown["release_year"] is None


@pytest.mark.parametrize(("write", "years"), [(write_100k, [1974, 1987]), (write_1m, [1975, 1985])])
def test_ages_are_years_of_birth_as_of_the_sets_own_year(
    tmp_path: Path, write: Callable[[Path], None], years: list[int]
) -> None:
    write(tmp_path / "set")
    import_movielens(tmp_path / "set", tmp_path / "zone")
    accounts = read(tmp_path / "zone" / "accounts")
    assert [row["birth_year"] for row in accounts] == years
    assert [row["gender"] for row in accounts] == ["male", "female"]


@pytest.mark.parametrize(("rate", "states"), [(1.0, {"granted": 10}), (0.0, {"denied": 5})])
def test_consent_is_declared_at_the_rate_asked_for(tmp_path: Path, rate: float, states: dict[str, int]) -> None:
    write_csv(tmp_path / "set")
    made = import_movielens(tmp_path / "set", tmp_path / "zone", consent_rate=rate, seed=0)
    rows = read(tmp_path / "zone" / "consent_events")
    assert made.consenting == 2 * rate
    assert set(Counter(row["state"] for row in rows)) == set(states)
    assert all(row["evidence_ref"] == "declared by the adapter, seed 0" for row in rows)


def test_the_consent_platform_is_heard_on_every_day(tmp_path: Path) -> None:
    write_100k(tmp_path / "set")
    import_movielens(tmp_path / "set", tmp_path / "zone")
    for day in (tmp_path / "zone" / "viewing_events").iterdir():
        assert list((tmp_path / "zone" / "consent_events" / day.name).iterdir())


def test_the_readme_says_what_was_made_up_and_on_what_terms(tmp_path: Path) -> None:
    write_100k(tmp_path / "set")
    import_movielens(tmp_path / "set", tmp_path / "zone", consent_rate=0.6, seed=11)
    text = (tmp_path / "zone" / "README.md").read_text()
    for word in ("probability 0.6 (seed 11)", "holds no consent records", "not be redistributed", "10.1145/2827872"):
        assert word in text


def test_a_folder_without_a_set_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"u\.data, u\.item.*ratings\.dat.*ratings\.csv, movies\.csv"):
        import_movielens(tmp_path, tmp_path / "zone")
    assert not (tmp_path / "zone").exists()


def test_a_damaged_file_is_named_without_its_rows_and_leaves_no_zone(tmp_path: Path) -> None:
    write_csv(tmp_path / "set")
    (tmp_path / "set" / "ratings.csv").write_text("userId,movieId,rating,timestamp\nsecret-viewer,1,x,y\n")
    with pytest.raises(UsageError, match=r"ratings\.csv: not the ratings") as told:
        import_movielens(tmp_path / "set", tmp_path / "zone")
    assert "secret-viewer" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_short_row_of_titles_is_named_by_its_line(tmp_path: Path) -> None:
    write_1m(tmp_path / "set")
    (tmp_path / "set" / "movies.dat").write_text("10::Good (1999)::Drama\n11::Bad\n")
    with pytest.raises(UsageError, match=r"movies\.dat, line 2: fewer than 3 columns"):
        import_movielens(tmp_path / "set", tmp_path / "zone")


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_no_share_is_refused(tmp_path: Path, rate: float) -> None:
    with pytest.raises(UsageError, match="share between 0 and 1"):
        import_movielens(tmp_path, tmp_path / "zone", consent_rate=rate)


@real_data
@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "expected"),
    [("ml-100k", (100_000, 943, 1682)), pytest.param("ml-latest-small", (100_836, 610, 9742), marks=pytest.mark.slow)],
)
def test_the_real_sets_are_taken_in_whole(tmp_path: Path, name: str, expected: tuple[int, int, int]) -> None:
    made = import_movielens(Path(str(REAL)) / name, tmp_path / "zone")
    assert (made.events, made.accounts, made.titles) == expected
    days = sorted((tmp_path / "zone" / "viewing_events").iterdir())
    assert sum(pq.read_metadata(file).num_rows for day in days for file in day.iterdir()) == expected[0]
