"""The audit of a night writes what it found, sees what was tampered with, and is quick where nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.audit.balance import check_balance
from media_privacy_pipeline.audit.repeats import check_stored
from media_privacy_pipeline.audit.steps import audit
from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.privacy.steps import release_table

FIRST = date(2026, 3, 1)
DAYS = [FIRST + timedelta(days=n) for n in range(4)]
SPAN = Span.of(DAYS[0], DAYS[-1])


@pytest.fixture
def session(make_session: Callable[..., Session], one_table: Path) -> Session:
    """A home in which nobody watched anything, on four days, and the one table of its policy was released."""
    made = make_session(policy=one_table)
    with made.lake.write("permitted_analytics_viewing_events", "made", DAYS):
        pass
    release_table(made, SPAN, "discovery_daily")
    return made


def _count(session: Session, table: str, day: date, rows: list[tuple[str, str, int]]) -> None:
    with session.lake.write(table, f"made {rows}", [day]) as staging:
        folder = staging / f"arrival_day={day}"
        folder.mkdir()
        source, stage, count = zip(*rows, strict=True)
        columns = {"source": source, "stage": stage, "reason": [""] * len(rows), "rows": pa.array(count, pa.int64())}
        pq.write_table(
            pa.table({name: pa.array(values) for name, values in columns.items()}), folder / "part-0.parquet"
        )


def test_a_night_has_every_check_of_every_statement_and_the_columns_of_the_contract(session: Session) -> None:
    result = audit(session, SPAN)
    rows = pq.read_table(session.lake.files("audit_findings")[0])
    assert rows.column_names == list(session.project.contracts["audit_findings"].types)
    drawn = {"noise_drawn", "noise_drawn_opendp", "two_worlds", "canaries"}
    checks = {"sensitivity", *drawn, "repeats", "recovered", "stored_as_paid", "budget"}
    assert set(rows["check"].to_pylist()) == checks
    assert result.metadata["size"] == "small"
    assert "could be shown" in str(result.metadata["canaries_discovery_daily"])
    assert result.metadata["failed"] == 0
    assert result.rows["audit_findings"] == len(session.policy.releases.tables) * 8 + 1


def test_it_is_skipped_while_nothing_changed_and_made_again_for_another_night(session: Session) -> None:
    audit(session, SPAN)
    assert audit(session, SPAN).skipped
    assert not audit(session, Span.of(DAYS[0], DAYS[-2])).skipped


def test_a_release_that_is_not_the_one_that_was_paid_for_fails(session: Session) -> None:
    (file, *_) = session.lake.files("discovery_daily")
    pq.write_table(pq.read_table(file).slice(1), file)
    failed = {finding.target for finding in check_stored(session) if not finding.passed}
    assert failed == {"discovery_daily"}


def test_a_failed_check_is_reported_and_tried_again(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    _count(session, "landing_accounting", DAYS[0], [("titles", "landed", 3), ("titles", "accepted", 2)])
    assert audit(session, SPAN).metadata["failed"] == 1
    assert "rows_landed on titles failed" in caplog.text
    assert not audit(session, SPAN).skipped


def test_rows_must_add_up_by_day_source_and_purpose(make_session: Callable[..., Session], engine: Engine) -> None:
    session = make_session(engine=engine.name)
    source = "viewing_events"
    landed = [(source, "landed", 9), (source, "accepted", 6), (source, "duplicate", 1), (source, "quarantined", 2)]
    for day in DAYS[:2]:
        _count(session, "landing_accounting", day, [*landed, (source, "flagged", 5)])
    good = [(source, "used/analytics", 4), (source, "withheld/analytics", 2)]
    _count(session, "decision_accounting", DAYS[0], [*good, (source, "withheld/training", 6)])
    _count(session, "decision_accounting", DAYS[1], [*good, (source, "withheld/training", 5)])
    found = {(finding.check, finding.target): finding.estimate for finding in check_balance(session, SPAN)}
    assert found == {("rows_landed", source): 0, ("rows_decided", source): 1}


def test_nothing_is_left_behind_in_the_work_folder(session: Session) -> None:
    audit(session, SPAN)
    assert [path for path in Path(session.settings.work).iterdir() if path.name.startswith("tmp")] == []
