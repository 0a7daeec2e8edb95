"""A partition is there whole or not at all, and knows what it was made from."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.lake import Lake, fingerprint_of

DAYS = [date(2026, 1, 1), date(2026, 1, 2)]


def put(folder: Path, rows: int) -> None:
    folder.mkdir(exist_ok=True)
    pq.write_table(pa.table({"n": list(range(rows))}), folder / "part-0.parquet")


def fill(lake: Lake, fingerprint: str, rows: dict[date, int], days: list[date] = DAYS) -> None:
    with lake.write("t", fingerprint, days) as staging:
        for day, count in rows.items():
            put(staging / f"arrival_day={day}", count)


in_a_folder = pytest.mark.parametrize("any_lake", ["folder"], indirect=True)


@pytest.fixture
def lake(any_lake: Lake) -> Lake:
    return any_lake


def test_a_day_without_rows_is_an_empty_partition_and_not_a_missing_one(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3})
    assert lake.days("t") == DAYS
    assert lake.rows("t") == 3
    assert lake.rows("t", [DAYS[1]]) == 0
    assert lake.is_current("t", "a", DAYS)
    assert not lake.is_current("t", "a", [*DAYS, date(2026, 1, 3)])


@in_a_folder
def test_a_failed_write_changes_nothing_and_leaves_nothing(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3})
    unwritable = {DAYS[0]: 9, DAYS[1]: "a row count that is none"}
    with pytest.raises(TypeError):
        fill(lake, "b", unwritable)  # type: ignore[arg-type]
    assert lake.rows("t") == 3
    assert lake.is_current("t", "a", DAYS)
    assert [folder.name for folder in lake.root.iterdir()] == ["t"]


def test_rows_for_a_day_that_was_not_announced_are_refused(lake: Lake) -> None:
    with pytest.raises(ValueError, match="arrival_day=2026-01-02"):
        fill(lake, "a", dict.fromkeys(DAYS, 1), days=DAYS[:1])
    assert not lake.has("t")


def test_a_rewrite_replaces_its_own_days_only(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3, DAYS[1]: 4})
    fill(lake, "b", {DAYS[1]: 1}, days=DAYS[1:])
    assert (lake.rows("t", [DAYS[0]]), lake.rows("t", [DAYS[1]])) == (3, 1)
    assert not lake.is_current("t", "b", DAYS)


def test_a_snapshot_is_replaced_whole(lake: Lake) -> None:
    for fingerprint, rows in (("a", 5), ("b", 2)):
        with lake.write("s", fingerprint) as staging:
            put(staging, rows)
    assert lake.rows("s") == 2
    assert lake.is_current("s", "b")
    assert len(lake.files("s")) == 1


def test_the_fingerprint_of_a_table_follows_its_partitions(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3})
    before, first_day = lake.fingerprint("t"), lake.fingerprint("t", DAYS[:1])
    fill(lake, "b", {}, days=DAYS[1:])
    assert lake.fingerprint("t") != before
    assert lake.fingerprint("t", DAYS[:1]) == first_day


@in_a_folder
def test_what_a_crash_left_behind_is_swept(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3})
    (lake.root / ".staging-t-dead").mkdir()
    (lake.root / ".trash-dead").mkdir()
    lake.sweep()
    assert [folder.name for folder in lake.root.iterdir()] == ["t"]
    assert lake.rows("t") == 3


def test_a_deleted_day_is_missing(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3, DAYS[1]: 4})
    lake.delete("t", DAYS[:1])
    assert lake.days("t") == DAYS[1:]
    lake.delete("t")
    assert not lake.has("t")


def test_a_fingerprint_depends_on_order_and_value() -> None:
    assert fingerprint_of("a", ["b", 1]) == fingerprint_of("a", ["b", 1])
    assert fingerprint_of("a", "b") != fingerprint_of("b", "a")


@in_a_folder
def test_a_day_is_found_by_its_name_whatever_the_column(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(lake, "a", {DAYS[0]: 3})
    with lake.write("u", "b", DAYS, by="day") as staging:
        put(staging / f"day={DAYS[1]}", 2)

    def listed(_: Path) -> list[Path]:
        raise AssertionError("a table of thousands of days is listed for one of them")

    monkeypatch.setattr(Path, "iterdir", listed)
    assert (lake.rows("t", [DAYS[0]]), lake.rows("u", [DAYS[1]])) == (3, 2)
    assert lake.meta("u", date(2026, 1, 3)) is None
    assert lake.meta("never written", DAYS[0]) is None


@in_a_folder
def test_a_partition_that_was_taken_away_and_not_replaced_is_put_back(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3, DAYS[1]: 4})
    (lake.path("t") / f"arrival_day={DAYS[0]}").rename(lake.root / f".trash-t@arrival_day={DAYS[0]}")
    assert lake.rows("t") == 4
    lake.sweep()
    assert (lake.rows("t"), lake.is_current("t", "a", DAYS)) == (7, True)


@in_a_folder
def test_what_was_replaced_before_a_crash_is_not_put_back(lake: Lake) -> None:
    fill(lake, "a", {DAYS[0]: 3})
    shutil.copytree(lake.path("t") / f"arrival_day={DAYS[0]}", lake.root / f".trash-t@arrival_day={DAYS[0]}")
    fill(lake, "b", {DAYS[0]: 1}, days=DAYS[:1])
    lake.sweep()
    assert lake.rows("t") == 1
    assert [folder.name for folder in lake.root.iterdir()] == ["t"]
