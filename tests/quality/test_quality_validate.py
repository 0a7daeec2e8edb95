"""Validation counts what breaks a contract, and never says who."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pytest

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.quality import expectations_of
from media_privacy_pipeline.quality.frames import frame_query
from media_privacy_pipeline.quality.runner import Runner
from media_privacy_pipeline.quality.steps import validate

Put = Callable[[str, pa.Table], None]
MARKER = "zzmarkerzz"


def plays(**columns: list[object]) -> pa.Table:
    rows = {"event_id": ["a", "b"], "device": ["tv", "mobile"], "seconds": [1, 2], "title_id": ["t1", "t1"]} | columns
    schema = pa.schema(
        [("event_id", pa.string()), ("device", pa.string()), ("seconds", pa.int32()), ("title_id", pa.string())]
    )
    return pa.table(rows, schema=schema)


def failures(session: Session) -> dict[str, int]:
    return {each.name: each.unexpected for each in validate(session, "plays") if not each.passed}


@pytest.fixture(autouse=True)
def _titles(put: Put) -> None:
    put("titles", pa.table({"title_id": ["t1"]}))


def test_rows_that_keep_their_contract_pass(session: Session, put: Put) -> None:
    put("plays", plays())
    outcomes = validate(session, "plays")
    assert [each.name for each in outcomes] == [spec.name for spec in expectations_of(session.project, "plays")]
    assert all(each.passed for each in outcomes)


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (plays(event_id=["a", "a"]), {"event_id_unique": 2}),
        (plays(event_id=[None, "b"]), {"event_id_not_null": 1}),
        (plays(device=["tv", "fridge"]), {"device_accepted_values": 1}),
        (plays(device=["tv", "X"]), {"device_accepted_values": 1, "device_regex": 1}),
        (plays(seconds=[-1, 90000]), {"seconds_range": 2}),
        (plays(title_id=["t1", "t2"]), {"title_id_relationships": 1}),
        (plays(title_id=["t1", None]), {}),
        (plays().append_column("email", pa.array(["x", "y"])), {"schema": 1}),
    ],
)
def test_each_broken_rule_is_counted(session: Session, put: Put, broken: pa.Table, expected: dict[str, int]) -> None:
    put("plays", broken)
    assert failures(session) == expected


def test_a_column_of_another_type_breaks_the_schema(session: Session, put: Put) -> None:
    table = plays()
    put("plays", table.set_column(2, "seconds", table["seconds"].cast(pa.int64())))
    assert failures(session) == {"schema": 1}


def test_a_warning_is_told_apart_from_an_error(session: Session, put: Put) -> None:
    put("plays", plays(device=["TV", "tv"]))
    severities = {each.name: each.severity for each in validate(session, "plays") if not each.passed}
    assert severities == {"device_accepted_values": "error", "device_regex": "warn"}


def test_an_empty_table_keeps_every_promise_about_rows(session: Session, put: Put) -> None:
    put("plays", plays().slice(0, 0))
    assert failures(session) == {}


def test_a_large_internal_table_is_sampled_by_its_grain(session: Session) -> None:
    contract = session.project.contracts["plays"]
    specs = expectations_of(session.project, "plays")
    query = frame_query(contract, specs, rows=1_000_000, limit=250_000)
    assert query is not None
    assert query.endswith("substr(md5(coalesce(cast(\"event_id\" as varchar), '')), 1, 6) < '400000'")
    ids = pa.table({"event_id": [str(n) for n in range(4000)], "device": ["tv"] * 4000, "seconds": [1] * 4000})
    kept = session.engine.fetch(query, {"plays": ids}).num_rows
    assert 850 < kept < 1150


def test_no_value_reaches_a_result_the_docs_or_the_log(
    session: Session, put: Put, tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    ids: list[object] = [MARKER, MARKER]
    put("plays", plays(event_id=ids, device=ids, title_id=ids).append_column(MARKER[:2], pa.array([MARKER, "y"])))
    runner = Runner()
    outcomes = validate(session, "plays", runner=runner)
    runner.document(tmp_path / "docs", datetime(2024, 1, 1))
    written = "".join(file.read_text() for file in (tmp_path / "docs").iterdir())
    out, err = capfd.readouterr()
    assert {each.name for each in outcomes if not each.passed} >= {"event_id_unique", "schema"}
    for text in (repr(outcomes), written, out, err, caplog.text):
        assert MARKER not in text


def test_a_check_that_cannot_run_fails_without_a_word(
    session: Session, put: Put, capfd: pytest.CaptureFixture[str]
) -> None:
    table = plays().drop_columns(["seconds"])
    put("plays", table.append_column("seconds", pa.array([MARKER, "2"])))
    specs = expectations_of(session.project, "plays")
    frame = table.append_column("seconds", pa.array([MARKER, "2"])).to_pandas()
    outcomes = Runner().run("plays", [s for s in specs if s.name == "seconds_range"], frame, {})
    assert [(each.passed, each.broken) for each in outcomes] == [(False, True)]
    assert MARKER not in repr(outcomes) + "".join(capfd.readouterr())


def test_each_frame_is_looked_at_by_itself_and_given_back(session: Session) -> None:
    specs = [s for s in expectations_of(session.project, "plays") if s.name == "event_id_unique"]
    twice, once = pa.table({"event_id": ["a", "a"]}).to_pandas(), pa.table({"event_id": ["a", "b"]}).to_pandas()
    runner, kept = Runner(), (weakref.ref(twice), weakref.ref(once))
    assert [each.passed for each in runner.run("plays", specs, twice, {})] == [False]
    assert [each.passed for each in runner.run("plays", specs, once, {})] == [True]
    del twice, once
    gc.collect()
    assert [each() for each in kept] == [None, None]


def test_the_docs_ask_nothing_of_other_machines(session: Session, put: Put, tmp_path: Path) -> None:
    put("plays", plays())
    runner = Runner()
    validate(session, "plays", runner=runner)
    index = runner.document(tmp_path / "docs", datetime(2024, 1, 1))
    page = index.with_name("plays.html").read_text()
    assert "seconds" in page
    for text in (index.read_text(), page):
        assert "http" not in text
        assert "<script" not in text


def test_an_unknown_table_is_named_with_the_known_ones(session: Session) -> None:
    with pytest.raises(UsageError, match="nosuch: no such table; known are plays, titles"):
        validate(session, "nosuch")


def test_suites_are_known_without_great_expectations() -> None:
    code = "import sys, media_privacy_pipeline.quality; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
