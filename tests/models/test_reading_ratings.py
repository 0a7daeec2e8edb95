"""Files of ratings: every form of the field is told; a row that breaks a rule is named, and its values are not."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from media_privacy_pipeline.errors import PipelineError, Refused, UsageError
from media_privacy_pipeline.models.evaluation.columns import given
from media_privacy_pipeline.models.evaluation.ratings import Ratings
from media_privacy_pipeline.models.evaluation.reading import Form, read

FORMS = {
    "ratings.dat": "ann::t1::5::100\nann::t2::3::200\nbob::t1::4::300\n",
    "u.data": "ann\tt1\t5\t100\nann\tt2\t3\t200\nbob\tt1\t4\t300\n",
    "ratings.csv": "userId,movieId,rating,timestamp\nann,t1,5.0,100\nann,t2,3.0,200\nbob,t1,4.0,300\n",
    "small.inter": "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "ann\tt1\t5\t100\nann\tt2\t3\t200\nbob\tt1\t4\t300\n",
    "swapped.csv": "timestamp,item,extra,user_id,rating\n100,t1,x,ann,5\n200,t2,y,ann,3\n300,t1,,bob,4\n",
    "quoted.csv": '"user","item","rating","timestamp"\n"ann","t1",5,100\n\n"ann","t2",3,200\n"bob","t1",4,300\n',
    "dates.csv": "user,title,rating,date\n"
    "ann,t1,5,1970-01-01T00:01:40Z\nann,t2,3,1970-01-01T00:03:20Z\nbob,t1,4,1970-01-01T00:05:00Z\n",
}


def plain(ratings: Ratings) -> list[tuple[str, str, float, float]]:
    assert ratings.ratings is not None
    assert ratings.times is not None
    columns = (ratings.users.to_pylist(), ratings.titles.to_pylist(), ratings.ratings, ratings.times)
    return [(str(a), str(b), float(c), float(d)) for a, b, c, d in zip(*columns, strict=True)]


ROWS = [("ann", "t1", 5.0, 100.0), ("ann", "t2", 3.0, 200.0), ("bob", "t1", 4.0, 300.0)]


@pytest.mark.parametrize("name", FORMS)
def test_each_form_is_told_by_name_and_content(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(FORMS[name])
    assert plain(read(tmp_path / name, Form())[0]) == ROWS


def test_compressed_text_and_parquet_with_times(tmp_path: Path) -> None:
    (tmp_path / "u.data.gz").write_bytes(gzip.compress(FORMS["u.data"].encode()))
    assert plain(read(tmp_path / "u.data.gz", Form())[0]) == ROWS
    times = pa.array([100_000, 200_000, 300_000], pa.timestamp("ms"))
    table = pa.table({"user": [1, 1, 2], "movie_id": [7, 8, 7], "score": [5, 3, 4], "time": times})
    parquet.write_table(table, tmp_path / "p.parquet")
    found = plain(read(tmp_path / "p.parquet", Form())[0])
    assert found == [("1", "7", 5.0, 100.0), ("1", "8", 3.0, 200.0), ("2", "7", 4.0, 300.0)]


def test_columns_and_header_may_be_said(tmp_path: Path) -> None:
    path = tmp_path / "x.tsv"
    path.write_text("who\twhen\twhat\nann\t5\tt1\n")
    found, source = read(path, Form(given("user,timestamp,item"), header=True))
    assert (found.users.to_pylist(), found.titles.to_pylist()) == (["ann"], ["t1"])
    assert found.ratings is None
    assert (source.name, source.rows, source.repeats) == ("x.tsv", 1, 0)


def test_two_columns_are_enough(tmp_path: Path) -> None:
    (tmp_path / "x.tsv").write_text("ann\tt1\nbob\tt2\n")
    found, _ = read(tmp_path / "x.tsv", Form())
    assert found.ratings is None
    assert found.times is None
    assert found.interactions().pairs == 2


BROKEN = [
    ("ann,t1,1\nann,t2,oops-secret\n", "row 2: the rating is no finite number"),
    ("ann,t1,1\nann,t2,nan\nann,t3,inf\n", "row 2: the rating is no finite number (1 more rows too)"),
    ("ann,t1,oops-secret\n", "row 1: the rating is no finite number; if the first line is a header"),
    ("ann,t1,1,5\nann,t2,1,\n", "row 2: the timestamp is no finite number"),
    ("user,item\nann,t1\n\nann,\n", "row 2: the item id is missing"),
    ("user,item\n ,t1\n", "row 1: the user id is missing"),
    ("ann,t1\nann,t2\nann,t1\n", "row 3: the pair of user and title came before; or give --repeats last"),
    ("ann,t1,1\nann,t2\n", "row 2: expected 3 columns as in the first line"),
    ("ann::t1::1\nann::t2\n", "row 2: expected 3 columns as in the first line"),
    ("user,item\n", "it has no rows"),
    ("\n\n", "it is empty"),
]


@pytest.mark.parametrize(("text", "said"), BROKEN)
def test_a_broken_row_is_named_with_its_rule_and_without_its_values(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(Refused) as refused:
        read(path, Form())
    assert str(refused.value).startswith(f"{path}: {said}")
    assert not any(value in str(refused.value).removeprefix(str(path)) for value in ("ann", "t1", "t2", "secret"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.csv", b"one-column\n", "one column only"),
        ("x.csv", b"a,b,c,d,e\n", "5 columns without a header"),
        ("x.csv", b"ann,t\xff\n", "not UTF-8"),
        ("x.parquet", b"not parquet", "no Parquet file"),
        ("x.csv.gz", b"not gzip", "cannot be unpacked"),
    ],
)
def test_a_file_that_cannot_be_told(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PipelineError, match=said):
        read(tmp_path / name, Form())
    with pytest.raises(UsageError, match="no such file"):
        read(tmp_path / "none.csv", Form())


def test_of_a_pair_that_comes_again_the_latest_may_hold(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("ann,t1,5,300\nann,t1,2,100\nbob,t1,1,1\n")
    found, source = read(path, Form(repeats="last"))
    assert plain(found) == [("ann", "t1", 5.0, 300.0), ("bob", "t1", 1.0, 1.0)]
    assert source.repeats == 1


def test_parquet_ids_are_texts_or_whole_numbers_and_never_null(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"user": [1.5], "item": ["t"]}), tmp_path / "a.parquet")
    parquet.write_table(pa.table({"user": ["a", None], "item": ["t", "t"]}), tmp_path / "b.parquet")
    with pytest.raises(Refused, match="user column holds double"):
        read(tmp_path / "a.parquet", Form())
    with pytest.raises(Refused, match="row 2: the user id is missing"):
        read(tmp_path / "b.parquet", Form())


def test_the_threshold_keeps_what_was_rated_so_high_and_needs_ratings() -> None:
    rated = Ratings(pa.array(["a", "a"]), pa.array(["t", "u"]), np.array([3.9, 4.0]))
    assert rated.at_least(4).titles.to_pylist() == ["u"]
    with pytest.raises(UsageError, match="no ratings"):
        Ratings(pa.array(["a"]), pa.array(["t"])).at_least(4)


@pytest.mark.parametrize("text", ["user", "user,item,item", "user,film"])
def test_column_orders_that_cannot_be(text: str) -> None:
    with pytest.raises(UsageError, match="--columns"):
        given(text)
