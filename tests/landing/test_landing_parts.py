"""Parts of a file, cut where they may be, hold the lines of the whole: each once, under its number."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_toy import DAY

from media_privacy_pipeline.landing import delimited, jsonl, parquetfile, textfile
from media_privacy_pipeline.landing.drops import Drop, Part

WORDS = ["a,b", "1,2", "x", '"q,1",2', '"two', 'lines",3', "", " ", "\t", "é,ß", "7,8,9", "\ufeff,1"]
END = st.sampled_from(["\n", "\r\n"])
SETTINGS = settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
Lines = Callable[[list[Part]], Iterable[pa.RecordBatch]]


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """Lines of text, some with quotes, some blank, perhaps with a mark at the beginning or without a last end."""
    lines = [draw(st.sampled_from(WORDS)) + draw(END) for _ in range(draw(st.integers(0, 30)))]
    return draw(st.sampled_from(["", "\ufeff"])).encode() + "".join([*lines, draw(st.sampled_from(WORDS))]).encode()


def parts(drop: Drop, cuts: list[tuple[int, int]]) -> list[Part]:
    """A file in parts that end where it is cut."""
    ends = [*(place for place, _ in cuts), None]
    return [Part(drop, *start) for start in zip([0, *ends[:-1]], ends, [1, *(line for _, line in cuts)], strict=True)]  # type: ignore[arg-type]


def rows(lines: Lines, parts: list[Part]) -> list[dict[str, object]]:
    """Rows of some parts, blank ones left out: readers drop them later."""
    found = [row for batch in lines(parts) for row in batch.to_pylist()]
    return [row for row in found if row.get("fields") or str(row["text"]).strip(" \t")]


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
@SETTINGS
@given(text=texts(), every=st.integers(1, 40), block=st.integers(1, 60))
def test_parts_hold_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, text: bytes, every: int, block: int
) -> None:
    monkeypatch.setattr(textfile, "_BLOCK", block)
    path = tmp_path / f"part.{kind}"
    path.write_bytes(text)
    drop = Drop(path, path.name, DAY, len(text), 0)
    lines: Lines = jsonl.lines if kind == "jsonl" else lambda some: delimited.lines(some, 2)
    cuts = textfile.cuts_of(path, every, records=kind == "csv")
    assert all(one < other for one, other in pairwise(cuts))
    assert rows(lines, parts(drop, cuts)) == rows(lines, [Part(drop)])


def test_text_is_cut_at_the_line_after_so_many_bytes(tmp_path: Path) -> None:
    path = tmp_path / "part.jsonl"
    path.write_bytes(b"one\ntwo\nthree\nfour\nfive")
    assert textfile.cuts_of(path, 5, records=False) == [(8, 3), (14, 4)]


def test_neither_what_is_packed_nor_what_follows_a_quote_is_cut(tmp_path: Path) -> None:
    packed, quoted = tmp_path / "part.csv.gz", tmp_path / "part.csv"
    packed.write_bytes(gzip.compress(b"a,b\n" * 100))
    quoted.write_bytes(b'a,b\n"1\n2",3\n' * 100)
    assert textfile.cuts_of(packed, 10, records=True) == []
    assert textfile.cuts_of(quoted, 10, records=True) == []


def test_tables_are_cut_between_groups(tmp_path: Path) -> None:
    path = tmp_path / "part.parquet"
    pq.write_table(pa.table({"text": [str(n) * 50 for n in range(100)]}), path, row_group_size=30)
    assert parquetfile.cuts_of(path, 1) == [(30, 31), (60, 61), (90, 91)]
    assert parquetfile.cuts_of(path, 1 << 20) == []
