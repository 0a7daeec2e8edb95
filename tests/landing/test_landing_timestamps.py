"""Times are read alike on both engines: ISO-8601 with a zone, or epoch milliseconds; naive ones are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from landing_toy import a

from media_privacy_pipeline.engines import Engine
from media_privacy_pipeline.engines.duckdb import DuckDBEngine
from media_privacy_pipeline.sql import Project

TEN = datetime(2026, 3, 1, 10)

READ: list[tuple[str, datetime | str]] = [
    ("2026-03-01T10:00:00Z", TEN),
    (" 2026-03-01 10:00:00Z ", TEN),
    ("2026-03-01T10:00:00+00:00", TEN),
    ("2026-03-01T10:00:00-00:00", TEN),
    ("2026-03-01T15:30:00+05:30", TEN),
    ("2026-03-01T15:30:00+0530", TEN),
    ("2026-03-01T06:30:00-03:30", TEN),
    ("2026-03-01T09:30:00-00:30", TEN),
    ("2026-03-01 12:00:00+02", TEN),
    ("2026-03-02T00:00:00+14:00", TEN),
    ("2026-02-28T23:00:00-11", TEN),
    ("1772359200000", TEN),
    ("1772359200000.0", TEN),
    ("0", datetime(1970, 1, 1)),
    ("2026-03-01T10:00:00.5Z", TEN + timedelta(milliseconds=500)),
    ("2026-03-01T10:00:00.123456Z", TEN + timedelta(microseconds=123456)),
    ("2026-03-01T10:00:00.123456789Z", TEN + timedelta(microseconds=123456)),
    ("2026-03-01T11:00:00.25+01:00", TEN + timedelta(milliseconds=250)),
    ("2028-02-29T00:00:00Z", datetime(2028, 2, 29)),
    *((text, "naive_timestamp") for text in ("2026-03-01T10:00:00", "2026-03-01 10:00:00.5")),
    *((text, "naive_timestamp") for text in ("2026-03-01", "2026-03-01T10:00")),
    *((text, "bad_timestamp") for text in ("now", "10:00:00Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z")),
    *((text, "bad_timestamp") for text in ("2026-03-01T24:00:00Z", "2026-03-01T10:60:00Z", "2026-03-01T10:00:61Z")),
    *((text, "bad_timestamp") for text in ("2026-03-01T10:00:00+25:00", "2026-03-01T10:00:00 CET", "2026-03-01Z")),
    *((text, "bad_timestamp") for text in ("-1772359200000", "1772359200000123456", "1.7e12")),
    *((text, "bad_timestamp") for text in ("infinity", "20260301T100000Z", "Z")),
]  # fmt: skip


def read(engine: Engine, project: Project, texts: list[str]) -> list[datetime | str]:
    """What the door makes of each text."""
    types = project.contracts["landed_search_events"].types
    rows = [{**a("search_events"), "searched_at": text, "_line": at} for at, text in enumerate(texts)]
    kinds = {"varchar": pa.string(), "bigint": pa.int64(), "date": pa.date32()}
    landed = pa.Table.from_pylist(rows, pa.schema({name: kinds[kind] for name, kind in types.items()}))
    staging = project.render("stg_landing__search_events")
    sql = f"select searched_at, reject_reason from ({staging}) as read order by _line"
    found = engine.fetch(sql, {"landed_search_events": landed}).to_pylist()
    return [row["reject_reason"] or row["searched_at"] for row in found]


def test_times_are_read(engine: Engine, project: Project) -> None:
    found = read(engine, project, [text for text, _ in READ])
    assert dict(zip([text for text, _ in READ], found, strict=True)) == dict(READ)


@given(
    st.lists(
        st.tuples(
            st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)),
            st.integers(-14 * 60, 14 * 60),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_any_time_in_any_zone_is_read_in_utc(
    project: Project, tmp_path_factory, cases: list[tuple[datetime, int]]
) -> None:  # type: ignore[no-untyped-def]
    engine = DuckDBEngine(tmp_path_factory.getbasetemp() / "work")
    texts = [at.astimezone(timezone(timedelta(minutes=minutes))).isoformat() for at, minutes in cases]
    assert read(engine, project, texts) == [at.replace(tzinfo=None) for at, _ in cases]
