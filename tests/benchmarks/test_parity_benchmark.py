"""The whole pipeline is the same on both engines; and the comparison that says so sees what is not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.parity import both, compared
from benchmarks.parity_tables import Difference, _of_table, differences
from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.landing.simulate import Faults, simulate
from media_privacy_pipeline.published import open_release
from media_privacy_pipeline.quality.runner import CheckOutcome

CONTRACT = """
version: 2
models:
  - name: figures
    description: One row per title.
    meta: {group: models, grain: [title_id]}
    columns:
      - {name: title_id, data_type: varchar, description: Title., meta: {privacy: public}}
      - {name: score, data_type: double, description: Score., meta: {privacy: public}}
      - {name: tags, data_type: 'varchar[]', description: Tags., meta: {privacy: public}}
"""
FIGURES: Mapping[str, list[object]] = {
    "title_id": ["t1", "t2", "t2", None],
    "score": [0.1, 2.0, float("nan"), None],
    "tags": [["a"], [], None, ["b", "c"]],
}


def passing(session: Session, span: Span) -> None:
    """In the place of the audit, which tests of its own hold on both engines: what it draws is not compared."""
    found = {"run_day": [span.last], "check": ["sensitivity"], "target": ["title_daily"], "passed": [True]}
    found |= {name: [1.0] for name in ("estimate", "low", "high", "limit")}
    session.put("audit_findings", "passing", pa.table(found))


@pytest.mark.spark
def test_both_engines_make_the_same_of_a_landing_zone(tmp_path: Path, spark_engine: Engine) -> None:
    first, last = date(2026, 9, 1), date(2026, 9, 5)
    faults = Faults(malformed=0.05, duplicates=0.05, conflicts=0.05)
    simulate(tmp_path / "zone", households=30, days=5, titles=30, first_day=first, faults=faults)
    left, right = both(tmp_path / "zone", tmp_path, Span.of(first, last), audit=passing, memory_limit="1GB")
    assert compared(left, right) == []
    assert (left.session.engine.name, right.session.engine.name) == ("duckdb", "spark")
    # It is not that nothing was made: somebody was let through, somebody withheld, and something released.
    lake = right.session.lake
    for table in ("title_daily", "recommendations", "conflicting_consents", "malformed_signals", "suppressed_subjects"):
        assert lake.rows(table) > 0, table
    assert lake.rows("permitted_training_viewing_events") < lake.rows("accepted_viewing_events")
    assert sum(each.passed for each in right.checks.values()) > 250
    assert "title_daily" in open_release(right.session.settings.home).tables


@pytest.fixture
def homes(tmp_path: Path, make_session: Callable[..., Session]) -> tuple[Session, Session]:
    (tmp_path / "sql" / "contracts").mkdir(parents=True)
    (tmp_path / "sql" / "contracts" / "figures.yml").write_text(CONTRACT)
    left, right = (make_session(home=tmp_path / name, sql=tmp_path / "sql") for name in "ab")
    for session in (left, right):
        session.settings.work.mkdir(parents=True)
        put(session, FIGURES)
    return left, right


def put(session: Session, rows: Mapping[str, list[object]]) -> None:
    schema = pa.schema([("title_id", pa.string()), ("score", pa.float64()), ("tags", pa.list_(pa.string()))])
    with session.lake.write("figures", repr(rows)) as staging:
        pq.write_table(pa.table(dict(rows), schema=schema), staging / "part-0.parquet")


def test_the_order_of_rows_is_no_difference(homes: tuple[Session, Session]) -> None:
    put(homes[1], {name: values[::-1] for name, values in FIGURES.items()})
    assert _of_table(*homes, "figures", close=False) == ""


@pytest.mark.parametrize(
    ("changed", "close"),
    [
        ({"score": [0.1 + 1e-12, 2.0, float("nan"), None]}, False),
        ({"score": [-0.0, 2.0, float("nan"), None]}, True),
        ({"score": [0.1 + 1e-5, 2.0, float("nan"), None]}, True),
        ({"score": [0.1, 2.0, None, None]}, False),
        ({"title_id": ["t1", "t2", "t2", "t2"]}, True),
        ({"tags": [["a"], [], None, ["c", "b"]]}, True),
        ({"title_id": ["t1"], "score": [0.1], "tags": [["a"]]}, True),
    ],
)
def test_what_is_not_the_same_is_told_in_counts_alone(
    homes: tuple[Session, Session], changed: Mapping[str, list[object]], close: bool
) -> None:
    put(homes[1], {**FIGURES, **changed})
    told = _of_table(*homes, "figures", close=close)
    assert " rows are in the first alone" in told
    assert "t2" not in told


def test_a_learned_figure_may_be_off_in_its_last_digits(homes: tuple[Session, Session]) -> None:
    put(homes[1], {**FIGURES, "score": [0.1 + 1e-9, 2.0, float("nan"), None]})
    assert _of_table(*homes, "figures", close=True) == ""
    assert _of_table(*homes, "figures", close=False) != ""


def test_a_table_of_one_home_and_a_check_that_came_out_otherwise_are_told(homes: tuple[Session, Session]) -> None:
    homes[1].lake.delete("figures")
    one = CheckOutcome("there", "figures", True, "error", 0, 4, "not_null")
    other = CheckOutcome("there", "figures", False, "error", 1, 4, "not_null")
    found = differences(*homes, ({"figures: there": one}, {"figures: there": other}), [])
    assert next(found) == Difference("figures", "is in one home alone")
    assert next(found) == Difference("check figures: there", "True (0 of 4) against False (1 of 4)")
