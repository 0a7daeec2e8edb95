"""A delivery without rows is heard: that nobody chose anything is something else than silence (case 58)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from landing_toy import DAY, GOOD, counts, drop, folder_of, later, let_in

from media_privacy_pipeline.consent.gate import check_source, source_age
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.errors import Refused
from media_privacy_pipeline.landing import steps

HEADER = ",".join(GOOD["consent_events"]) + "\n"
SILENT_FOR = 4
"""Days; the packaged policy allows three."""


def heard(session: Session) -> Span:
    """Take in consent events of some days, and put the counts together."""
    span = Span.of(DAY, later(SILENT_FOR))
    steps.accept(session, span, "consent_events")
    steps.account(session, span)
    return span


def write_empty(landing: Path, name: str) -> None:
    path = folder_of(landing, "consent_events", later(SILENT_FOR)) / name
    if name.endswith(".parquet"):
        pq.write_table(pa.table({column: pa.array([], pa.string()) for column in GOOD["consent_events"]}), path)
    else:
        path.write_text(HEADER if name == "header.csv" else "")


@pytest.mark.parametrize("name", ["header.csv", "empty.csv", "empty.jsonl", "no-rows.parquet"])
def test_a_file_without_rows_says_that_the_source_is_there(session: Session, landing: Path, name: str) -> None:
    drop(landing, "consent_events", [GOOD["consent_events"]])
    write_empty(landing, name)
    span = heard(session)
    assert source_age(session, span) == timedelta(0)
    check_source(session, span)


def test_silence_and_a_file_that_cannot_be_read_are_not_heard(session: Session, landing: Path) -> None:
    drop(landing, "consent_events", [GOOD["consent_events"]])
    (folder_of(landing, "consent_events", later(SILENT_FOR)) / "bad.jsonl").write_bytes(b"\xff")
    with pytest.raises(Refused, match="if only an empty file"):
        check_source(session, heard(session))


def test_nothing_landed_is_counted_where_a_file_came_and_nowhere_else(session: Session, landing: Path) -> None:
    (folder_of(landing, "consent_events") / "header.csv").write_text(HEADER)
    let_in(session, "consent_events", DAY, later(1))
    assert counts(session, "consent_events") == {("landed", ""): 0}
    assert session.lake.rows("accounted_consent_events", [later(1)]) == 0
