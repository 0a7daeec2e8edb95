"""What is handed to Great Expectations: a frame of the columns it needs, and one row of counts; both bounded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines import Engine, Folder
from ..engines.types import duckdb_type
from ..sql import Contract
from .spec import ExpectationSpec, quoted

Checked: TypeAlias = Folder | pa.Table
"""What can be checked: a stored table, or one in memory."""

SAMPLE_ROWS = 200_000
"""Rows of an internal table that a frame holds at most, about. Published tables are framed whole."""

_HEX = 16**6


def frame_query(contract: Contract, specs: Sequence[ExpectationSpec], rows: int, limit: int | None) -> str | None:
    """The SELECT of a frame: the columns that the expectations name; None where they name none.

    Past `limit` rows it keeps those whose hashed grain is small: the same rows on every run and engine, and all or
    none of those that share a grain, so that a duplicate is never half in the sample.
    """
    columns = sorted({column for spec in specs for column in spec.columns} & contract.types.keys())
    if not columns:
        return None
    query = f"select {', '.join(map(quoted, columns))} from {contract.name}"
    if limit is None or rows <= limit:
        return query
    keys = contract.meta.grain or tuple(column.name for column in contract.columns)
    text = " || '|' || ".join(f"coalesce(cast({quoted(key)} as varchar), '')" for key in keys)
    return f"{query} where substr(md5({text}), 1, 6) < '{int(limit / rows * _HEX):06x}'"


def count(
    engine: Engine, contract: Contract, specs: Sequence[ExpectationSpec], inputs: Mapping[str, Checked]
) -> dict[str, tuple[int, int]]:
    """(unexpected, total) of each `query` and `schema` expectation: exact, over all rows."""
    counts: dict[str, tuple[int, int]] = {}
    for spec in specs:
        if spec.kind == "query":
            wanted = {name: inputs[name] for name in (contract.name, *spec.kwargs["inputs"])}
            row = engine.fetch(spec.kwargs["sql"], wanted).to_pylist()[0]
            counts[spec.name] = (int(row["unexpected"]), int(row["total"]))
        elif spec.kind == "schema":
            counts[spec.name] = _schema(contract, spec.kwargs, inputs[contract.name])
    return counts


def _schema(contract: Contract, asked: Mapping[str, Any], source: Checked) -> tuple[int, int]:
    """Columns that should not be there, are missing or have another type; the worst of the files counts."""
    schemas = [source.schema] if isinstance(source, pa.Table) else [pq.read_schema(file) for file in source.files]
    hive = source.partition_by if isinstance(source, Folder) else None
    banned = set(asked.get("absent", ()))
    wanted = {name: kind.lower() for name, kind in contract.types.items() if name != hive}
    worst = 0
    for schema in schemas:
        found = {field.name: duckdb_type(field.type) for field in schema}
        differing = banned & found.keys() if "absent" in asked else dict(wanted.items() ^ found.items()).keys()
        worst = max(worst, len(differing))
    return worst, len(contract.types)
