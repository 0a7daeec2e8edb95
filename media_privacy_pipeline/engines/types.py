"""DuckDB's and Spark's words for types in Arrow's: what a contract's file must look like on disk."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from ..errors import UsageError

_ARROW = {
    "varchar": pa.string(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us"),
    "date": pa.date32(),
}
_SPARK = {
    pa.string(): "STRING",
    pa.binary(): "BINARY",
    pa.int32(): "INT",
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.date32(): "DATE",
    pa.timestamp("us"): "TIMESTAMP_NTZ",
}
_DUCKDB = {kind: word for word, kind in _ARROW.items()} | {pa.large_string(): "varchar", pa.string_view(): "varchar"}


def arrow_schema(types: Mapping[str, str]) -> pa.Schema:
    """Arrow schema of a contract's columns. Raises UsageError for a type outside our short list."""
    return pa.schema([(name, _arrow_type(name, kind.lower())) for name, kind in types.items()])


def _arrow_type(column: str, kind: str) -> pa.DataType:
    if kind.endswith("[]"):
        return pa.list_(_arrow_type(column, kind[:-2]))
    if kind not in _ARROW:
        raise UsageError(f"{column}: the type {kind} is unknown; known are {', '.join(_ARROW)}, and lists of them")
    return _ARROW[kind]


def duckdb_type(kind: pa.DataType) -> str:
    """DuckDB's word for an Arrow type; Arrow's own word, which no contract uses, where we have none.

    A naive timestamp is one type whatever its unit: engines store milli-, micro- and nanoseconds as they please.
    """
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return f"{duckdb_type(kind.value_type)}[]"
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return "timestamp"
    return _DUCKDB.get(kind, str(kind))


def spark_word(kind: pa.DataType) -> str | None:
    """Spark's word for an Arrow type; None where we have none."""
    if pa.types.is_list(kind):
        return f"ARRAY<{word}>" if (word := spark_word(kind.value_type)) else None
    return _SPARK.get(kind)


def spark_columns(schema: pa.Schema) -> str:
    """A schema in Spark's words. Raises UsageError for a type outside our short list."""
    words = {field.name: spark_word(field.type) for field in schema}
    if unknown := [name for name, word in words.items() if word is None]:
        raise UsageError(f"{', '.join(unknown)}: no type of ours in Spark")
    return ", ".join(f"`{name}` {word}" for name, word in words.items())
