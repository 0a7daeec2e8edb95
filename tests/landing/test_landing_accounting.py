"""Every row is accounted for, to the row, and no name of a column carries a value into the counts."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from landing_toy import DAY, GOOD, a, counts, drop, folder_of, later, let_in

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.landing import steps
from media_privacy_pipeline.landing.accounting import PARTS, Count, balance, check_balance
from media_privacy_pipeline.landing.sources import SOURCES
from media_privacy_pipeline.landing.undeclared import most, printable

SAMPLE = Path(__file__).parents[2] / "data"


@given(st.lists(st.tuples(st.sampled_from(PARTS), st.integers(0, 9)), max_size=9), st.integers(-3, 3))
def test_balance_says_what_is_missing(parts: list[tuple[str, int]], missing: int) -> None:
    rows = [Count(DAY, "titles", stage, str(at), rows) for at, (stage, rows) in enumerate(parts)]
    landed = Count(DAY, "titles", "landed", "", sum(row.rows for row in rows) + missing)
    aside = [Count(DAY, "titles", stage, "x", 5) for stage in ("flagged", "unreadable_file", "undeclared_column")]
    assert balance([*rows, landed, *aside]) == ({(DAY, "titles"): missing} if missing else {})


@pytest.mark.parametrize(("landed", "said"), [(3, "1 rows are lost"), (1, "1 rows were counted twice")])
def test_a_row_out_of_balance_is_refused(landed: int, said: str) -> None:
    rows = [Count(DAY, "titles", "landed", "", landed), Count(DAY, "titles", "accepted", "", 2)]
    with pytest.raises(Refused, match=f"titles of {DAY}: {said}"):
        check_balance(rows)


def test_the_sample_comes_out_as_its_ground_truth_says(session: Session) -> None:
    vars(session)["settings"] = session.settings.model_copy(update={"landing": SAMPLE / "landing"})
    with (SAMPLE / "landing.truth" / "accounting.csv").open() as stream:
        truth = {Count(date.fromisoformat(r[0]), r[1], r[2], r[3], int(r[4])) for r in list(csv.reader(stream))[1:]}
    days = sorted({count.arrival_day for count in truth})
    span = Span.of(days[0], days[-1])
    for source in SOURCES:
        steps.accept(session, span, source)
    steps.account(session, span)
    table = session.folder("landing_accounting")
    found = session.engine.fetch("select * from landing_accounting", {"landing_accounting": table}).to_pylist()
    assert {Count(**row) for row in found} == truth


def test_counts_of_all_inputs_come_together(session: Session, landing: Path) -> None:
    for source in SOURCES:
        drop(landing, source, [GOOD[source]])
        let_in(session, source, DAY, later(1))
    result = steps.account(session, Span.of(DAY, later(1)))
    assert result.rows == {"landing_accounting": 12}
    assert steps.account(session, Span.of(DAY, later(1))).skipped


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_undeclared_columns_are_counted_by_name_and_kept_nowhere(session: Session, landing: Path, suffix: str) -> None:
    rows = [a("viewing_events", event_id=str(at), shoe_size=at, secret="hunter2") for at in range(3)]
    drop(landing, "viewing_events", rows, name=f"part.{suffix}")
    let_in(session, "viewing_events")
    found = counts(session, "viewing_events")
    assert found["undeclared_column", "shoe_size"] == found["undeclared_column", "secret"] == 3
    kept = b"".join(path.read_bytes() for path in session.settings.home.rglob("*") if path.is_file())
    assert b"hunter2" not in kept


def test_only_rows_that_have_the_key_are_counted(session: Session, landing: Path) -> None:
    rows = [a("viewing_events", event_id="1", mood="fine"), a("viewing_events", event_id="2")]
    drop(landing, "viewing_events", rows)
    (folder_of(landing, "viewing_events") / "odd.csv").write_text("event_id,mood\n1,fine\n2\n3,low\n")
    let_in(session, "viewing_events")
    assert counts(session, "viewing_events")["undeclared_column", "mood"] == 3


def test_a_name_that_may_be_a_value_is_not_shown() -> None:
    names = {"anna@example.org": 1, "0701234567": 2, "user_483920": 3, "a b": 4, "x" * 60: 5, "debug_blob": 6, "v2": 7}
    assert printable(names) == {"debug_blob": 6, "v2": 7, "other": 15}


def test_many_names_are_mostly_others() -> None:
    names = {f"column_{chr(97 + at // 26)}{chr(97 + at % 26)}": 100 - at for at in range(60)}
    found = printable(names)
    assert len(found) == 21
    assert sum(found.values()) == sum(names.values())


NAMES = [
    "anna@example.org",
    "debug_blob",
    "",
    "a\n",
    "v2\n",
    "other",
    "x" * 60,
    *(f"column_{chr(97 + n)}" for n in range(25)),
]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(st.integers(0, 1), st.lists(st.sampled_from(NAMES), max_size=4)), max_size=40),
    known=st.lists(st.tuples(st.integers(0, 1), st.sampled_from(NAMES), st.integers(1, 9)), max_size=9),
)
def test_a_query_counts_the_names_that_may_be_shown(
    tmp_path: Path, rows: list[tuple[int, list[str]]], known: list[tuple[int, str, int]]
) -> None:
    wanted: dict[int, Counter[str]] = {0: Counter(), 1: Counter()}
    for day, names in rows:
        wanted[day].update(names)
    for day, name, times in known:
        wanted[day][name] += times
    kinds = {"_undeclared": pa.list_(pa.string()), "name": pa.string(), "arrival_day": pa.int64(), "rows": pa.int64()}

    def table(**columns: list[object]) -> pa.Table:
        return pa.table({name: pa.array(values, kinds[name]) for name, values in columns.items()})

    landed = table(_undeclared=[names for _, names in rows], arrival_day=[day for day, _ in rows])
    counted = table(
        name=[name for _, name, _ in known],
        arrival_day=[day for day, _, _ in known],
        rows=[times for _, _, times in known],
    )
    engine = DuckDBEngine(tmp_path)
    found: dict[int, Counter[str]] = {0: Counter(), 1: Counter()}
    for row in engine.fetch(most("landed", "counted"), {"landed": landed, "counted": counted}).to_pylist():
        found[row["arrival_day"]][row["name"]] += row["rows"]
    assert max(map(len, found.values())) <= 21
    assert {day: printable(names) for day, names in found.items()} == {d: printable(n) for d, n in wanted.items()}
