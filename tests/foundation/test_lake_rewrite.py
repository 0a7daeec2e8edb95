"""Rows are taken out of what is stored; what loses none is not touched, and what derives knows of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from hashlib import sha256

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.lake import Lake

DAYS = [date(2026, 1, 1), date(2026, 1, 2)]
in_a_folder = pytest.mark.parametrize("any_lake", ["folder"], indirect=True)


@pytest.fixture
def lake(any_lake: Lake) -> Lake:
    """Two days of two files each: 0 to 9 on the first, 10 to 19 on the second."""
    lake = any_lake
    with lake.write("t", "made", DAYS) as staging:
        for start, day in zip((0, 10), DAYS, strict=True):
            folder = staging / f"arrival_day={day}"
            folder.mkdir()
            for part in range(2):
                numbers = list(range(start + 5 * part, start + 5 * part + 5))
                pq.write_table(pa.table({"n": numbers}), folder / f"part-{part}.parquet", row_group_size=2)
    return lake


def but(*numbers: int) -> Callable[[pa.Table], pa.ChunkedArray]:
    return lambda piece: pc.invert(pc.is_in(piece["n"], pa.array(numbers, pa.int64())))


def stored(lake: Lake, table: str = "t") -> list[int]:
    return [number for file in lake.files(table) for number in pq.read_table(file)["n"].to_pylist()]


@in_a_folder
def test_the_rows_go_and_all_others_stay_in_their_order(lake: Lake) -> None:
    before = {str(file.relative_to(lake.root)): sha256(file.read_bytes()).hexdigest() for file in lake.files("t")}
    (lost,) = lake.rewrite("t", but(3, 4), "erasure 1")
    assert stored(lake) == [0, 1, 2, *range(5, 20)]
    assert (lost.rows_before, lost.rows_after) == (5, 3)
    assert lost.file == f"t/arrival_day={DAYS[0]}/part-0.parquet"
    assert lost.sha256_before == before[lost.file]
    assert lost.sha256_after == sha256((lake.root / lost.file).read_bytes()).hexdigest()
    assert lake.rows("t", DAYS[:1]) == 8


def test_a_file_that_loses_nothing_keeps_its_bytes(lake: Lake) -> None:
    bytes_before = [file.read_bytes() for file in lake.files("t")]
    lake.rewrite("t", but(3), "erasure 1")
    same = [file.read_bytes() == old for file, old in zip(lake.files("t"), bytes_before, strict=True)]
    assert same == [False, True, True, True]


def test_nothing_to_take_out_changes_nothing(lake: Lake) -> None:
    before = lake.fingerprint("t")
    assert lake.rewrite("t", but(99), "erasure 1") == []
    assert lake.fingerprint("t") == before


def test_only_the_days_that_are_named_are_looked_at(lake: Lake) -> None:
    assert lake.rewrite("t", but(3), "erasure 1", DAYS[1:]) == []
    assert 3 in stored(lake)


def test_it_counts_as_made_and_what_derives_from_it_does_not(lake: Lake) -> None:
    whole, second = lake.fingerprint("t"), lake.fingerprint("t", DAYS[1:])
    lake.rewrite("t", but(3), "erasure 1")
    once = lake.fingerprint("t")
    assert lake.is_current("t", "made", DAYS)
    assert once != whole
    assert lake.fingerprint("t", DAYS[1:]) == second
    lake.rewrite("t", but(4), "erasure 2")
    assert lake.fingerprint("t") not in (whole, once)


def test_a_partition_that_is_made_again_is_as_if_nothing_had_been_taken_out(lake: Lake) -> None:
    whole = lake.fingerprint("t")
    lake.rewrite("t", but(*range(10)), "erasure 1")
    assert lake.days("t") == DAYS
    with lake.write("t", "made", DAYS[:1]):
        pass
    assert lake.fingerprint("t") == whole


def test_a_snapshot_is_rewritten_too(lake: Lake) -> None:
    with lake.write("s", "made") as staging:
        pq.write_table(pa.table({"n": [1, 2, None]}), staging / "part-0.parquet")
    (lost,) = lake.rewrite("s", lambda piece: pc.equal(piece["n"], 1), "erasure 1")
    assert (stored(lake, "s"), lost.rows_after, lake.rows("s")) == ([1], 1, 1)


@in_a_folder
def test_when_the_rule_fails_nothing_is_changed_and_nothing_left(lake: Lake) -> None:
    def fails(piece: pa.Table) -> pa.ChunkedArray:
        raise ValueError("no such column")

    with pytest.raises(ValueError, match="no such column"):
        lake.rewrite("t", fails, "erasure 1")
    assert stored(lake) == list(range(20))
    assert [folder.name for folder in lake.root.iterdir()] == ["t"]


def test_only_the_named_columns_are_shown_and_others_stay(lake: Lake) -> None:
    seen = set()

    def keep(piece: pa.Table) -> pa.ChunkedArray:
        seen.add(tuple(piece.column_names))
        return pc.not_equal(piece["who"], "b")

    with lake.write("people", "made") as staging:
        pq.write_table(pa.table({"who": ["a", "b", "c"], "n": [1, 2, 3]}), staging / "part-0.parquet")
    lake.rewrite("people", keep, "erasure 1", columns=["who"])
    assert seen == {("who",)}
    assert stored(lake, "people") == [1, 3]


def test_a_journal_is_told_of_a_partition_before_it_is_replaced(lake: Lake) -> None:
    told = []
    lake.rewrite("t", but(3, 14), "erasure 1", ahead=lambda lost: told.append((lost[0], stored(lake))))
    assert [each.file.split("/")[1] for each, _ in told] == [f"arrival_day={day}" for day in DAYS]
    assert 3 in told[0][1]
    assert 3 not in told[1][1]
    assert 14 in told[1][1]
    now = {sha256(file.read_bytes()).hexdigest() for file in lake.files("t")}
    assert all(each.sha256_after in now and each.sha256_before not in now for each, _ in told)
