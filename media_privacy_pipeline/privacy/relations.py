"""DuckDB relations and Spark DataFrames as sources: they are bounded where they are, and only cells and sums leave.

A relation runs in its own connection and a DataFrame in its own session, so that views, files and credentials that
either knows stay usable; neither is copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from uuid import uuid4

import pyarrow as pa

from ..engines import Input, Reader
from ..errors import UsageError
from ..sql import to_spark
from .contributions import Source

_NAME = "contributions_given"


def relation_source(relation: Any) -> tuple[Source, Reader]:
    """A relation or DataFrame with the columns that Source names, as a source and who reads it.

    Raises UsageError for anything else.
    """
    # By the words of their types: neither library is to be imported by who does not use it.
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(relation).__mro__}
    source = Source(f"select * from {_NAME}", {})
    if any(kind.endswith(".DuckDBPyRelation") for kind in kinds):
        return source, _RelationReader(relation)
    if any(kind.startswith("pyspark.sql.") and kind.endswith(".DataFrame") for kind in kinds):
        return source, _FrameReader(relation)
    raise UsageError(
        f"a release is made of a Source, a DuckDB relation or a Spark DataFrame, not of a {type(relation).__name__}"
    )


class _RelationReader:
    name: Literal["duckdb"] = "duckdb"

    def __init__(self, relation: Any) -> None:
        self._relation = relation

    def fetch(self, sql: str, inputs: Mapping[str, Input]) -> pa.Table:
        """See Reader.fetch: the query runs in the relation's connection, small tables written into it."""
        small = [f"{name} as materialized ({_written(table)})" for name, table in inputs.items()]
        words = f"with {', '.join(small)} select * from ({sql}) as found" if small else sql
        return self._relation.query(_NAME, words).to_arrow_table()


class _FrameReader:
    name: Literal["spark"] = "spark"

    def __init__(self, frame: Any) -> None:
        self._frame = frame

    def fetch(self, sql: str, inputs: Mapping[str, Input]) -> pa.Table:
        """See Reader.fetch: the query runs in the DataFrame's session."""
        spark = self._frame.sparkSession
        # Names of this call alone: the session is the caller's, and may have views of its own.
        names = {name: f"{name}_{uuid4().hex[:8]}" for name in (_NAME, *inputs)}
        words = to_spark(sql)
        try:
            self._frame.createOrReplaceTempView(names[_NAME])
            for name, table in inputs.items():
                spark.createDataFrame(table).createOrReplaceTempView(names[name])
            views = ", ".join(f"{name} as (select * from {view})" for name, view in names.items())
            return spark.sql(f"with {views} select * from ({words}) as found").toArrow()
        finally:
            for view in names.values():
                spark.catalog.dropTempView(view)


def _written(table: Input) -> str:
    """A small table of whole numbers, days and texts as a query: its columns are lists, unfolded side by side."""
    if not isinstance(table, pa.Table):
        raise UsageError("beside a relation, only small tables in memory can be read")
    columns = []
    for name in table.column_names:
        of = table[name].type
        kind = "bigint[]" if pa.types.is_integer(of) else "date[]" if pa.types.is_date(of) else "varchar[]"
        values = ", ".join(_literal(value) for value in table[name].to_pylist())
        columns.append(f"unnest(cast([{values}] as {kind})) as {name}")
    return f"select {', '.join(columns)}"


def _literal(value: int | date | str) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"
