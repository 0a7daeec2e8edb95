"""The door finds in a simulated zone exactly what was planted, and the people in it are as the truth says."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.landing.simulate import simulate
from media_privacy_pipeline.landing.sources import SOURCES
from media_privacy_pipeline.landing.steps import accept, account
from media_privacy_pipeline.settings import Settings

DAYS = 13
SPAN = Span.of(date(2026, 9, 1), date(2026, 9, DAYS))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulated")


@pytest.fixture(scope="module")
def session(folder: Path) -> Session:
    simulate(folder / "landing", households=250, days=DAYS, titles=60, truth=folder / "truth")
    session = Session(Settings(landing=folder / "landing", home=folder / "home", memory_limit="1GB"))
    for source in SOURCES:
        accept(session, SPAN, source)
    account(session, SPAN)
    return session


def rows(session: Session, table: str, sql: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = session.engine.fetch(sql, {table: session.folder(table)}).to_pylist()
    return found


def test_the_door_counts_what_was_planted_to_the_row(session: Session, folder: Path) -> None:
    with (folder / "truth" / "accounting.csv").open() as stream:
        planted = {
            (r["arrival_day"], r["source"], r["stage"], r["reason"]): int(r["rows"]) for r in csv.DictReader(stream)
        }
    counted = {
        (str(r["arrival_day"]), r["source"], r["stage"], r["reason"]): r["rows"]
        for r in rows(session, "landing_accounting", "select * from landing_accounting where rows > 0")
    }
    assert counted == planted


def test_accepted_events_are_the_true_ones(session: Session, folder: Path) -> None:
    found = rows(
        session,
        "accepted_viewing_events",
        "select cast(started_at as date) as day, title_id, count(distinct account_id) as viewers, count(*) as plays, "
        "cast(coalesce(sum(watched_seconds), 0) as bigint) as seconds from accepted_viewing_events group by all",
    )
    true = pq.read_table(folder / "truth" / "title_daily.parquet").to_pylist()
    key = lambda row: (row["day"], row["title_id"])  # noqa: E731
    assert sorted(found, key=key) == sorted(true, key=key)


def test_every_kind_of_fault_is_planted(tmp_path: Path) -> None:
    simulate(tmp_path / "zone", households=800, truth=tmp_path / "facts")
    planted = set(json.loads((tmp_path / "facts" / "summary.json").read_text())["planted"])
    assert planted >= {
        "bad_seconds", "bad_time", "broken_json", "conflict", "corrupt_file", "debug_blob", "duplicate", "header_only",
        "long_query", "missing_account_id", "missing_event_id", "missing_started_at", "missing_title_id", "naive_time",
        "negative_seconds", "no_bytes", "no_rows", "not_an_object", "too_few_fields", "too_many_fields",
        "too_many_seconds", "truncated_file", "unknown_kind", "unknown_signal", "unknown_state", "wrong_delimiter",
    }  # fmt: skip
