"""Both engines answer the same query with the same rows."""

from __future__ import annotations

import pyarrow as pa

from media_privacy_pipeline.engines import Engine


def test_a_query_over_a_small_table_gives_its_rows(engine: Engine) -> None:
    people = pa.table({"name": ["ann", "bob", None], "age": pa.array([31, None, 7], pa.int32())})
    sql = "select name, age + 1 as next_age from people where age is not null"
    found = sorted(engine.fetch(sql, {"people": people}).to_pylist(), key=lambda row: row["next_age"])
    assert found == [{"name": None, "next_age": 8}, {"name": "ann", "next_age": 32}]
