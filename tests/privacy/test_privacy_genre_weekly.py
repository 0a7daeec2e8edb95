"""genre_weekly of the packaged policy: closed weeks by country and a title's first genre, counted once an account."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
from privacy_world import FIRST, events, land

from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.types import arrow_schema
from media_privacy_pipeline.privacy.contributions import bounded_sums, domain_of
from media_privacy_pipeline.privacy.periods import days_of, within
from media_privacy_pipeline.privacy.placing import placed
from media_privacy_pipeline.privacy.statement_inputs import source_of
from media_privacy_pipeline.privacy.steps import release_table
from media_privacy_pipeline.privacy.weights import ONE, weight

TABLE, MONDAY = "genre_weekly", date(2026, 3, 2)
DAYS = [FIRST + timedelta(days=n) for n in range(12)]
GENRES = [["drama", "crime"], [], None, ["opera"], *(["comedy"] for _ in range(46))]


def _session(make_session: Callable[..., Session]) -> Session:
    session = make_session()
    land(session, events(accounts=60, days=10), DAYS)
    with session.lake.write("accepted_titles", "made") as staging:
        titles = [f"t{n:03d}" for n in range(50)]
        schema = arrow_schema(session.project.contracts["accepted_titles"].types)
        known = {"title_id": pa.array(titles), "genres": pa.array(GENRES, pa.list_(pa.string()))}
        rows = pa.table([known.get(field.name, pa.nulls(50, field.type)) for field in schema], schema)
        pq.write_table(rows, staging / "part-0.parquet")
    return session


def test_a_closed_week_has_every_country_and_genre_and_counts_an_account_once(
    make_session: Callable[..., Session],
) -> None:
    session = _session(make_session)
    sunday = MONDAY + timedelta(days=6)
    assert not release_table(session, Span.of(DAYS[0], sunday + timedelta(days=1)), TABLE).rows[TABLE]
    release_table(session, Span.of(sunday + timedelta(days=2), sunday + timedelta(days=2)), TABLE)
    assert session.lake.days(TABLE) == [MONDAY]
    stored = pq.read_table(session.lake.files(TABLE)[0])
    assert ["week", *stored.column_names] == list(session.project.contracts[TABLE].types)
    statement = session.policy.releases.tables[TABLE]
    assert stored.select(["country", "genre"]) == domain_of(statement, {})
    assert stored.num_rows == 7 * 15
    # Before noise: by hand, from the events that arrived in time.
    week = days_of(statement, [MONDAY])
    cells = defaultdict(set)
    for row in events(accounts=60, days=10).to_pylist():
        day = row["started_at"].date()
        if day in week and (row["arrival_day"] - day).days <= 2:
            country = row["country"] if row["country"] in statement.cells["country"].values else "ZZ"
            title = int(row["title_id"][1:])
            genre = ((GENRES[title] if title < len(GENRES) else None) or ["other"])[0]
            genre = genre if genre in statement.cells["genre"].values else "other"
            cells[row["account_key"]].add((country, genre))
    expected: dict[tuple[str, str], int] = defaultdict(int)
    for theirs in cells.values():
        for cell in theirs:
            expected[cell] += weight(len(theirs), 1, 8)
    source = placed(statement, source_of(session, TABLE, week), [MONDAY])
    sums = bounded_sums(session.engine, within(statement), source, [MONDAY], {})[MONDAY]
    counted = sums.values[0].tolist()
    names = zip(stored["country"].to_pylist(), stored["genre"].to_pylist(), strict=True)
    assert dict(zip(names, counted, strict=True)) == {
        (country, genre): expected.get((country, genre), 0)
        for country in statement.cells["country"].values
        for genre in statement.cells["genre"].values
    }
    assert {genre for _, genre in expected} == {"drama", "comedy", "other"}
    assert max(counted) >= ONE
