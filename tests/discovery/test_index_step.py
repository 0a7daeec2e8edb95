"""The index step: made anew when the catalogue or the language changed, and only then; whole for any catalogue."""

from __future__ import annotations

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalogue_toy import ROWS, catalogue

from media_privacy_pipeline.discovery.step import index_titles
from media_privacy_pipeline.discovery.tables import TABLES
from media_privacy_pipeline.engines import Session, Span
from media_privacy_pipeline.engines.types import arrow_schema
from media_privacy_pipeline.errors import UsageError

SPAN = Span.of(date(2026, 9, 1), date(2026, 9, 1))


def stored(session: Session, rows: list[tuple[object, ...]], mark: str) -> Session:
    with session.lake.write("accepted_titles", mark) as staging:
        table = catalogue(rows)
        for name, kind in session.project.contracts["accepted_titles"].types.items():
            if name not in table.column_names:
                table = table.append_column(name, pa.nulls(len(table), arrow_schema({name: kind}).field(name).type))
        pq.write_table(table, staging / "part-0.parquet")
    return session


def spoken(session: Session, language: str) -> Session:
    return Session(session.settings.model_copy(update={"search_language": language}))


def test_the_tables_are_what_their_contracts_say(session: Session) -> None:
    result = index_titles(stored(session, ROWS, "one"), SPAN)
    assert not result.skipped
    assert result.rows["search_titles"] == len(ROWS)
    for table in TABLES:
        found = pq.ParquetFile(session.lake.files(table)[0]).schema_arrow
        assert found.equals(arrow_schema(session.project.contracts[table].types))


def test_it_is_made_anew_when_the_catalogue_or_the_language_changed_and_only_then(session: Session) -> None:
    index_titles(stored(session, ROWS, "one"), SPAN)
    assert index_titles(session, SPAN).skipped
    assert not index_titles(stored(session, ROWS[:5], "two"), SPAN).skipped
    assert not index_titles(spoken(session, "french"), SPAN).skipped


def test_a_catalogue_without_titles_is_an_index_without_rows(session: Session) -> None:
    assert set(index_titles(stored(session, [], "none"), SPAN).rows.values()) == {0}


def test_a_language_without_rules_is_refused(session: Session) -> None:
    with pytest.raises(UsageError, match="search_language is klingon: there are no rules"):
        index_titles(spoken(stored(session, ROWS, "one"), "klingon"), SPAN)
