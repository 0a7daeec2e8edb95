"""A row that cannot be taken apart is quarantined by file and line, and costs no other row."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from landing_toy import DAY, accepted, counts, folder_of, let_in

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.landing import quarantine
from media_privacy_pipeline.landing.delimited import records

HEAD = "event_id,account_id,searched_at,query"
AT = "2026-03-01T10:00:00Z"


def test_malformed_json_lines_are_counted_and_found_again(session: Session, landing: Path) -> None:
    good = f'{{"event_id": "%d", "account_id": "a", "searched_at": "{AT}", "query": "q"}}'
    lines = [
        good % 1,
        '{"event_id": ',
        "",
        good % 4,
        "[1, 2]",
        '"text"',
        "null",
        good % 8 + "x",
        "  ",
        good % 10,
        "{'a': 1}",
        '{"a": "\\ud800"}',
    ]
    (folder_of(landing, "search_events") / "part.jsonl").write_text("\n".join(lines))
    let_in(session, "search_events")
    found = counts(session, "search_events")
    assert found["landed", ""] == 10
    assert found["quarantined", "malformed_row"] == 7
    refusals = quarantine.read(session, "search_events", DAY)
    assert [(refusal.line, refusal.raw) for refusal in refusals] == [
        (number, lines[number - 1]) for number in (2, 5, 6, 7, 8, 11, 12)
    ]


def test_csv_rows_of_another_width_are_counted_and_found_again(session: Session, landing: Path) -> None:
    lines = [
        HEAD,
        f"1,a,{AT},boats",
        f"2,a,{AT}",
        f"3,a,{AT},boats,more",
        "",
        f'5,a,{AT},"big, ""red"" boats"',
        f'6,a,{AT},"over',
        'two lines"',
        f'8,a,{AT},"never closed',
        f"9,a,{AT},boats",
        f'10,a,{AT},"closed" late',
        f'11,"a",{AT},"too","many"',
        f'12,a,{AT},5" screen',
    ]
    (folder_of(landing, "search_events") / "part.csv").write_text("\n".join(lines) + "\n")
    let_in(session, "search_events")
    assert {row["event_id"]: row["query"] for row in accepted(session, "search_events")} == {
        "1": "boats", "5": 'big, "red" boats', "6": "over\ntwo lines", "9": "boats", "12": '5" screen',
    }  # fmt: skip
    refusals = quarantine.read(session, "search_events", DAY)
    assert [(r.line, r.reason, r.raw) for r in refusals] == [
        (number, "malformed_row", lines[number - 1]) for number in (3, 4, 9, 11, 12)
    ]


def test_rows_refused_for_a_rule_keep_their_line(session: Session, landing: Path) -> None:
    lines = [HEAD, f"1,a,{AT},boats", f'2,a,{AT},"two\nlines"', ",a,,boats", f"5,a,{AT},boats"]
    (folder_of(landing, "search_events") / "part.csv").write_text("\n".join(lines))
    let_in(session, "search_events")
    (refusal,) = quarantine.read(session, "search_events", DAY)
    assert (refusal.line, refusal.reason) == (5, "missing_event_id")
    assert refusal.row is not None
    assert refusal.row["query"] == "boats"


values = st.text(st.sampled_from("ab,\"\n ' é;"), max_size=8)


@given(
    st.lists(st.lists(values, min_size=3, max_size=3), min_size=1, max_size=8),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]], quoting: int) -> None:
    out = io.StringIO()
    csv.writer(out, quoting=quoting, lineterminator="\n").writerows(rows)  # type: ignore[arg-type]
    blocks = iter([line.encode() for line in out.getvalue().split("\n")] for _ in range(1))
    found = [fields if fields is not None else text.split(",") for _, text, fields in records(blocks, 3)]
    assert found == rows


@given(st.lists(st.text(st.sampled_from('ab,"'), max_size=6), max_size=12))
def test_every_line_belongs_to_one_record(lines: list[str]) -> None:
    found = list(records(iter([[line.encode() for line in lines]]), 2))
    spans = [number + at for number, text, _ in found for at in range(text.count("\n") + 1)]
    blank = [number for number, line in enumerate(lines, 1) if not line.strip()]
    assert sorted({*spans, *blank}) == list(range(1, len(lines) + 1))
    assert len(spans) == len(set(spans))


@pytest.mark.parametrize("block", [1, 2, 7, 1 << 20])
def test_lines_do_not_depend_on_the_blocks_they_come_in(
    session: Session, landing: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("media_privacy_pipeline.landing.textfile._BLOCK", block)
    text = f'\ufeff{HEAD}\r\n1,a,{AT},"å\r\n,"\r\n\r\n2,é,{AT},boats'
    (folder_of(landing, "search_events") / "part.csv").write_bytes(text.encode())
    let_in(session, "search_events")
    assert [(row["event_id"], row["query"]) for row in accepted(session, "search_events")] == [
        ("1", "å\n,"), ("2", "boats"),
    ]  # fmt: skip
