"""Rows that the door must refuse: one spoiler for each rule, and the reason that the door is expected to give."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .strings import tcf

Row = dict[str, Any]
_WHOLE = tcf(1_767_225_600, (5, 6, 8, 9), vendors=True)


@dataclass(frozen=True)
class Faults:
    """How much of what goes wrong: shares of the rows of a feed, and whether whole files are spoilt too."""

    malformed: float = 0.0015
    duplicates: float = 0.006
    conflicts: float = 0.0006
    files: bool = True

    @classmethod
    def none(cls) -> Faults:
        """A zone in which nothing is malformed, delivered twice or torn; rows are still late."""
        return cls(0.0, 0.0, 0.0, files=False)


@dataclass(frozen=True)
class Spoiler:
    """One way to spoil a row. `typed` ones can be told in Parquet too; `line` ones spoil the text of the line."""

    kind: str
    reason: str
    row: Callable[[Row], Row] | None = None
    line: Callable[[str], str] | None = None
    suffix: str = ""  # "csv" or "jsonl" where only that format can be spoilt so
    typed: bool = False


def _set(column: str, value: Any) -> Callable[[Row], Row]:
    return lambda row: {**row, column: value}


def _string(signal: str, text: str) -> Callable[[Row], Row]:
    """The consent platform's string instead of a choice."""
    return lambda row: {**row, "purpose": None, "state": None, "signal": signal, "signal_value": text}


def _missing(*columns: str) -> list[Spoiler]:
    return [Spoiler(f"missing_{c}", f"missing_{c}", row=_set(c, None), typed=True) for c in columns]


def _times(column: str) -> list[Spoiler]:
    return [
        Spoiler("naive_time", "naive_timestamp", row=_set(column, "2026-09-03 20:15:00")),
        Spoiler("bad_time", "bad_timestamp", row=_set(column, "the day before")),
    ]


_LINES = [
    Spoiler("too_few_fields", "malformed_row", line=lambda line: line.rsplit(",", 2)[0] + "\n", suffix="csv"),
    Spoiler("too_many_fields", "malformed_row", line=lambda line: line.rstrip("\n") + ",surplus,\n", suffix="csv"),
    Spoiler("broken_json", "malformed_row", line=lambda line: line[: len(line) // 2] + "\n", suffix="jsonl"),
    Spoiler("not_an_object", "malformed_row", line=lambda _: json.dumps([1, 2]) + "\n", suffix="jsonl"),
]

SPOILERS: Mapping[str, tuple[Spoiler, ...]] = {
    "viewing_events": (
        *_missing("event_id", "account_id", "title_id", "started_at"),
        *_times("started_at"),
        Spoiler("negative_seconds", "watched_seconds_out_of_range", row=_set("watched_seconds", -30), typed=True),
        Spoiler("too_many_seconds", "watched_seconds_out_of_range", row=_set("watched_seconds", 90_000), typed=True),
        Spoiler("bad_seconds", "bad_watched_seconds", row=_set("watched_seconds", "long")),
        *_LINES,
    ),
    "search_events": (
        *_missing("event_id", "account_id", "query"),
        *_times("searched_at"),
        Spoiler("long_query", "query_too_long", row=_set("query", "what was it called " * 30), typed=True),
        *_LINES,
    ),
    "consent_events": (
        *_missing("account_id", "effective_at"),
        *_times("recorded_at"),
        Spoiler("unknown_state", "bad_state", row=_set("state", "perhaps"), typed=True),
        Spoiler("unknown_signal", "bad_signal", row=_set("signal", "telepathy"), typed=True),
        Spoiler("cut_string", "broken_signal_truncated", row=_string("tcf", _WHOLE.split(".")[0][:30]), typed=True),
        Spoiler("old_string", "broken_signal_tcf_v1", row=_string("tcf", f"B{_WHOLE[1:]}"), typed=True),
        Spoiler("other_string", "broken_signal_wrong_kind", row=_string("gpp", _WHOLE), typed=True),
        *_LINES,
    ),
    "subject_requests": (
        *_missing("account_id", "verified"),
        Spoiler("unknown_kind", "bad_kind", row=_set("kind", "complaint"), typed=True),
        *_LINES,
    ),
}


def csv_line(row: Row) -> str:
    """One row as a line of CSV, in the order of its columns."""
    sink = io.StringIO()
    csv.writer(sink, lineterminator="\n").writerow(["" if value is None else _text(value) for value in row.values()])
    return sink.getvalue()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
