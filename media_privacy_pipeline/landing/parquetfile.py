"""Parquet drops: which columns a file has, and the DuckDB text that reads them as text, as all formats are read.

What a file holds in the right type already is handed on as it is, beside the text, where the input has a place for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ..engines.duckdb import quote
from .sources import Source


def types_of(path: Path) -> tuple[Mapping[str, pa.DataType], int] | str:
    """The type of each column of a file, and its rows; or why it cannot be read."""
    try:
        with pq.ParquetFile(path) as file:
            return {field.name: field.type for field in file.schema_arrow}, file.metadata.num_rows
    except PermissionError:
        return "no_permission"
    except (pa.ArrowException, OSError):
        return "corrupt_parquet"


def cuts_of(path: Path, every: int) -> list[tuple[int, int]]:
    """Where a file may be cut so that parts of it can be read apart: after each so many bytes as they are unpacked, the
    first row of a group, and its number from 1."""
    found: list[tuple[int, int]] = []
    rows = size = 0
    metadata = pq.read_metadata(path)
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        if size >= every:
            found.append((rows, rows + 1))
            size = 0
        rows, size = rows + group.num_rows, size + group.total_byte_size
    return found


def query(
    source: Source,
    types: Mapping[str, pa.DataType],
    paths: Sequence[Path],
    landing: Path,
    rows: tuple[int, int | None] = (0, None),
) -> str:
    """DuckDB text that reads files whose columns have the same types; rows are numbered from 1 in each file. `rows` is
    the first that is read, from 0, and the first that is not."""
    kinds = {column: _kind(kind) for column, kind in types.items()}
    columns = ", ".join(
        [f'{_text(source, kinds, column)} as "{column}"' for column in source.columns]
        + [f'{_typed(kinds, column, kind)} as "_{column}"' for column, kind in source.typed.items()]
    )
    files = ", ".join(quote(escape(path)) for path in paths)
    first, end = rows
    # Groups of rows are passed over by their numbers.
    within = [f"file_row_number >= {first}"] * (first > 0) + [f"file_row_number < {end}"] * (end is not None)
    return f"""
        select {columns}, substr(filename, {len(str(landing)) + 2}) as _file, file_row_number + 1 as _line,
          cast(null as varchar) as _raw, cast(null as varchar) as _defect
        from read_parquet([{files}], hive_partitioning = false, binary_as_string = true)
        {"where " if within else ""}{" and ".join(within)}"""


def escape(path: Path) -> str:
    """A path that DuckDB reads as itself and not as a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _kind(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return "instant"
    if pa.types.is_floating(kind):
        return "float"
    if pa.types.is_integer(kind):
        return "integer"
    if pa.types.is_boolean(kind):
        return "boolean"
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return "nested" if pa.types.is_nested(kind.value_type) else "list"
    return "nested" if pa.types.is_nested(kind) else "plain"


_EXACT = {
    # The same years and magnitudes as the rules for text let pass; nanoseconds compare with nothing before the cast.
    ("timestamp", "instant"): (
        "cast({} as timestamptz) between timestamptz '1000-01-01 00:00:00Z' and timestamptz '2999-12-31 23:59:59Z'",
        "make_timestamp(epoch_us(cast({} as timestamptz)))",
    ),
    ("integer", "integer"): ("{} between -999999999 and 999999999", "cast({} as integer)"),
    ("boolean", "boolean"): ("{} in (true, false)", "{}"),
}
"""By declared type and a file's kind: which values are taken as they are, and how."""


def _text(source: Source, kinds: Mapping[str, str], column: str) -> str:
    if column not in kinds:
        return "cast(null as varchar)"
    text, exact = _as_text(kinds[column], column), _EXACT.get((source.typed.get(column, ""), kinds[column]))
    return text if exact is None else f"case when not ({exact[0].format(_quoted(column))}) then {text} end"


def _typed(kinds: Mapping[str, str], column: str, kind: str) -> str:
    exact = _EXACT.get((kind, kinds.get(column, "")))
    if exact is None:
        return f"cast(null as {kind})"
    taken, value = exact
    return f"case when {taken.format(_quoted(column))} then {value.format(_quoted(column))} end"


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _as_text(kind: str, column: str) -> str:
    name = _quoted(column)
    match kind:
        case "instant":
            # In nanoseconds DuckDB gives a naive value, which is in UTC all the same.
            return f"cast(timezone('UTC', cast({name} as timestamptz)) as varchar) || 'Z'"
        case "float":
            return f"case when not isnan({name}) then cast({name} as varchar) end"
        case "list":
            return f"array_to_string(cast({name} as varchar[]), '|')"
        case "nested":
            return f"cast(to_json({name}) as varchar)"
    return f"cast({name} as varchar)"
