"""The Spark text of a query in DuckDB's dialect."""

from __future__ import annotations

import sqlglot


def to_spark(sql: str) -> str:
    """Spark's text of a DuckDB query."""
    return sqlglot.transpile(sql, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
