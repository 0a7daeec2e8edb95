"""The steps of a run: closed days are released once into the lake, late events are not in them, the ledger is shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
from privacy_world import FIRST, events, land

from media_privacy_pipeline.engines import Engine, Session, Span
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.errors import UsageError
from media_privacy_pipeline.privacy.closed import COUNTED, closed_days
from media_privacy_pipeline.privacy.contributions import bounded_sums
from media_privacy_pipeline.privacy.statement_inputs import source_of
from media_privacy_pipeline.privacy.steps import export_ledger, release_table

DAYS = [FIRST + timedelta(days=n) for n in range(6)]
TABLES = ("title_daily", "audience_daily", "discovery_daily")


@pytest.fixture
def session(make_session: Callable[..., Session]) -> Session:
    made = make_session()
    land(made, events(accounts=60, days=4), DAYS)
    return made


def _bytes(session: Session, table: str) -> list[bytes]:
    return [file.read_bytes() for file in session.lake.files(table)]


@pytest.mark.parametrize("table", TABLES)
def test_closed_days_are_released_with_the_columns_of_the_contract(session: Session, table: str) -> None:
    result = release_table(session, Span.of(DAYS[0], DAYS[-1]), table)
    assert session.lake.days(table) == DAYS[:4]
    contract = session.project.contracts[table]
    stored = pq.read_schema(session.lake.files(table)[0])
    assert ["day", *stored.names] == list(contract.types)
    assert result.rows[table] == session.lake.rows(table) > 0
    figures = [
        result.metadata[f"epsilon_{what}"] for what in ("one_release", "account_year_to_date", "account_year_planned")
    ]
    assert 0 < figures[0] < figures[1] < figures[2] < 10


def test_a_second_run_pays_nothing_and_changes_nothing(session: Session) -> None:
    span = Span.of(DAYS[0], DAYS[-1])
    release_table(session, span, "discovery_daily")
    before = _bytes(session, "discovery_daily")
    session.lake.delete("discovery_daily")
    land(session, events(accounts=90, days=4, seed=8), DAYS)
    release_table(session, span, "discovery_daily")
    assert _bytes(session, "discovery_daily") == before
    assert release_table(session, span, "discovery_daily").skipped


def test_a_night_releases_the_day_that_it_closes(session: Session) -> None:
    release_table(session, Span.of(DAYS[3], DAYS[3]), "discovery_daily")
    assert session.lake.days("discovery_daily") == [DAYS[1]]


def test_a_day_is_not_closed_before_its_lag_is_over(session: Session) -> None:
    span = Span.of(DAYS[0], DAYS[3])
    early = Span.of(DAYS[0], DAYS[3], as_of=span.as_of - timedelta(hours=1))
    assert closed_days(session, span, COUNTED[0]) == DAYS[:2]
    assert closed_days(session, early, COUNTED[0]) == DAYS[:1]


def test_a_day_whose_arrivals_are_missing_waits(session: Session) -> None:
    session.lake.delete("permitted_analytics_viewing_events", [DAYS[2]])
    result = release_table(session, Span.of(DAYS[0], DAYS[-1]), "discovery_daily")
    assert session.lake.days("discovery_daily") == [DAYS[3]]
    assert result.metadata["waiting_days"] == 3


def test_without_a_catalogue_every_day_waits_rather_than_being_released_empty_for_ever(session: Session) -> None:
    land(session, events(accounts=60, days=4), DAYS, titles=0)
    result = release_table(session, Span.of(DAYS[0], DAYS[-1]), "title_daily")
    assert result.metadata["waiting_days"] == 4
    assert session.lake.days("title_daily") == []
    export_ledger(session, Span.of(DAYS[0], DAYS[-1]))
    assert session.lake.rows("privacy_ledger") == 0


def test_both_engines_bound_the_same_rows_to_the_same_sums(
    session: Session, engine: Engine, duck: DuckDBEngine
) -> None:
    table = "audience_daily"
    statement, source = session.policy.releases.tables[table], source_of(session, table, DAYS[:3])
    one, other = (bounded_sums(each, statement, source, DAYS[:3], {}) for each in (engine, duck))
    assert all((one[day].values == other[day].values).all() for day in DAYS[:3])
    assert all((one[day].totals == other[day].totals).all() and one[day].totals[0] > 0 for day in DAYS[:3])


def test_what_arrives_after_a_day_was_closed_is_not_in_it(session: Session) -> None:
    source = source_of(session, "title_daily", [DAYS[0]])
    rows = session.engine.fetch(source.sql, source.inputs)
    lags = {(row["arrival_day"] - row["day"]).days for row in rows.to_pylist()}
    assert lags <= {0, 1, 2}
    files = {file.parent.name for folder in source.inputs.values() for file in folder.files}
    assert files == {f"arrival_day={day}" for day in DAYS[:3]}


def test_a_table_without_a_statement_is_named_with_those_that_have_one(session: Session) -> None:
    known = "audience_daily, completion_curve, discovery_daily, genre_weekly, reach_28_days, reach_weekly"
    with pytest.raises(UsageError, match=known):
        release_table(session, Span.of(DAYS[0], DAYS[0]), "accounts")


def test_the_ledger_is_exported_with_unit_and_figure(session: Session) -> None:
    span = Span.of(DAYS[0], DAYS[-1])
    for table in TABLES:
        release_table(session, span, table)
    export_ledger(session, span)
    (file,) = session.lake.files("privacy_ledger")
    rows = pq.read_table(file)
    assert rows.column_names == list(session.project.contracts["privacy_ledger"].types)
    assert rows.num_rows == 12
    units = dict(zip(rows["table"].to_pylist(), rows["unit"].to_pylist(), strict=True))
    assert units == dict.fromkeys(("title_daily", "audience_daily", "discovery_daily"), "account")
    assert max(rows["epsilon"].to_pylist()) < max(rows["cumulative_epsilon_year"].to_pylist()) < 10
    assert export_ledger(session, span).skipped
