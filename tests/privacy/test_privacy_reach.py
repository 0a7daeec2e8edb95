"""Reach and completion_curve of the packaged policy: each account once a period and cell, against counts by hand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from privacy_world import FIRST, events, land

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.types import arrow_schema
from media_privacy_pipeline.privacy.contributions import bounded_sums, domain_of
from media_privacy_pipeline.privacy.periods import days_of, within
from media_privacy_pipeline.privacy.placing import placed
from media_privacy_pipeline.privacy.statement_inputs import public_values, source_of
from media_privacy_pipeline.privacy.steps import release_table
from media_privacy_pipeline.privacy.weights import weight

MONDAY, FOUR_WEEKS = date(2026, 3, 2), date(2026, 3, 16)
DAYS = [FIRST + timedelta(days=n) for n in range(46)]
LENGTHS = [None, 0, *(600 + 100 * n for n in range(48))]
"""Seconds: of the first title not known, of the second 0."""
CUTS = (0, 100, 250, 500, 750, 950)
ROWS = events(accounts=12, days=44)


@pytest.fixture
def session(make_session: Callable[..., Session]) -> Session:
    made = make_session()
    land(made, ROWS, DAYS)
    with made.lake.write("accepted_titles", "made") as staging:
        schema = arrow_schema(made.project.contracts["accepted_titles"].types)
        known = {
            "title_id": pa.array([f"t{n:03d}" for n in range(50)]),
            "runtime_seconds": pa.array(LENGTHS, pa.int32()),
        }
        rows = pa.table([known.get(field.name, pa.nulls(50, field.type)) for field in schema], schema)
        pq.write_table(rows, staging / "part-0.parquet")
    return made


@pytest.mark.parametrize(("table", "first"), [("reach_weekly", MONDAY), ("reach_28_days", FOUR_WEEKS)])
def test_an_account_is_reached_once_a_period_and_country(session: Session, table: str, first: date) -> None:
    statement = session.policy.releases.tables[table]
    markets = statement.cells["country"].values
    by_account = defaultdict(set)
    for row in _counted(session, table, first):
        by_account[row["account_key"]].add((row["country"] if row["country"] in markets else "ZZ",))
    assert _sums(session, table, first) == _weighted(by_account.values(), statement.most_cells)
    _check_release(session, table, first)


def test_a_title_is_completed_as_far_as_all_plays_of_an_account_came(session: Session) -> None:
    table, first = "completion_curve", FOUR_WEEKS
    watched: dict[Any, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in _counted(session, table, first):
        at = int(row["title_id"][1:])
        length = LENGTHS[at] if at < len(LENGTHS) else None
        if length:
            part = (row["watched_seconds"] or 0) * 1000 // length
            watched[row["account_key"]][row["title_id"]] += min(1000, part)
    by_account = [
        {(title, str(max(cut for cut in CUTS if amount >= cut))) for title, amount in titles.items()}
        for titles in watched.values()
    ]
    expected = _weighted(by_account, session.policy.releases.tables[table].most_cells)
    assert _sums(session, table, first) == expected
    assert {cut for _, cut in expected} == {str(cut) for cut in CUTS}
    _check_release(session, table, first)
    released = pq.read_table(session.lake.files(table)[0]).to_pydict()
    falling = zip(*(released[f"completed_{cut // 10}"] for cut in CUTS[1:]), strict=True)
    assert all(list(row) == sorted(row, reverse=True) for row in falling)


def _counted(session: Session, table: str, first: date) -> list[dict[str, Any]]:
    """Events of the period that arrived before their day was closed."""
    days = days_of(session.policy.releases.tables[table], [first])
    return [
        row
        for row in ROWS.to_pylist()
        if row["started_at"].date() in days and (row["arrival_day"] - row["started_at"].date()).days <= 2
    ]


def _weighted(accounts: Iterable[set[tuple[Hashable, ...]]], most_cells: int) -> dict[tuple[Hashable, ...], int]:
    sums: dict[tuple[Hashable, ...], int] = defaultdict(int)
    for cells in accounts:
        for cell in cells:
            sums[cell] += weight(len(cells), 1, most_cells)
    return {cell: counted for cell, counted in sums.items() if counted}


def _sums(session: Session, table: str, first: date) -> dict[tuple[Hashable, ...], int]:
    """What noise is added to, by cell, where it is not nought."""
    statement = session.policy.releases.tables[table]
    public = public_values(session, statement)
    source = placed(statement, source_of(session, table, days_of(statement, [first])), [first])
    sums = bounded_sums(session.engine, within(statement), source, [first], public)[first]
    cells = zip(*domain_of(within(statement), public).to_pydict().values(), strict=True)
    return {cell: counted for cell, counted in zip(cells, sums.values[0].tolist(), strict=True) if counted}


def _check_release(session: Session, table: str, first: date) -> None:
    release_table(session, Span.of(DAYS[0], DAYS[-1]), table)
    contract = session.project.contracts[table]
    assert session.lake.days(table)[0] == first
    stored = pq.read_table(session.lake.files(table)[0])
    assert [contract.meta.partition_by, *stored.column_names] == list(contract.types)
