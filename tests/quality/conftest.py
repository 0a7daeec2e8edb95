"""A tiny project with one contract, and a lake to put its rows in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from media_privacy_pipeline.engines import Session

CONTRACTS = """
version: 2
models:
  - name: plays
    description: One row per play.
    meta: {group: landing, grain: [event_id]}
    columns:
      - name: event_id
        data_type: varchar
        description: Id.
        meta: {privacy: pseudonym}
        data_tests: [not_null, unique]
      - name: device
        data_type: varchar
        description: Device.
        meta: {privacy: quasi_identifier}
        data_tests: [{accepted_values: {values: [tv, mobile]}}, {regex: {pattern: "^[a-z]+$", severity: warn}}]
      - name: seconds
        data_type: integer
        description: Time.
        meta: {privacy: behaviour}
        data_tests: [{range: {min: 0, max: 86400}}]
      - name: title_id
        data_type: varchar
        description: Title.
        meta: {privacy: behaviour}
        data_tests: [{relationships: {to: titles, field: title_id}}]
  - name: titles
    description: One row per title.
    meta: {group: landing, grain: [title_id]}
    columns:
      - {name: title_id, data_type: varchar, description: Id., meta: {privacy: public}}
"""


@pytest.fixture
def session(tmp_path: Path, make_session: Callable[..., Session]) -> Session:
    (tmp_path / "sql" / "contracts").mkdir(parents=True)
    (tmp_path / "sql" / "contracts" / "plays.yml").write_text(CONTRACTS)
    return make_session(sql=tmp_path / "sql")


@pytest.fixture
def put(session: Session) -> Callable[[str, pa.Table], None]:
    """`put(table, rows)`: make a snapshot of the lake hold exactly these rows."""

    def write(table: str, rows: pa.Table) -> None:
        with session.lake.write(table, "test") as staging:
            pq.write_table(rows, staging / "part-0.parquet")

    return write
