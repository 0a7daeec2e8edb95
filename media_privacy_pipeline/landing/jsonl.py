"""JSON Lines: one object a line. DuckDB takes them apart; here they become numbered lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

import pyarrow as pa

from ..engines.duckdb import quote
from .drops import Part
from .sources import Source
from .textfile import lines_of

SCHEMA = pa.schema({"_file": pa.string(), "arrival_day": pa.date32(), "_line": pa.int64(), "text": pa.string()})


def lines(parts: Sequence[Part]) -> Iterator[pa.RecordBatch]:
    """Every line of parts of files, blank ones included, with its file and its number in it from 1."""
    for part in parts:
        number = part.line
        for block in lines_of(part.drop.path, part.begin, part.end):
            columns = [
                pa.repeat(part.drop.name, len(block)),
                pa.repeat(pa.scalar(part.drop.day, pa.date32()), len(block)),
                pa.array(range(number, number + len(block)), pa.int64()),
                pa.array(block, pa.binary()).cast(pa.string()),
            ]
            yield pa.record_batch(columns, schema=SCHEMA)
            number += len(block)


def query(source: Source) -> str:
    """DuckDB text over the table `lines`: declared columns as text, `_raw` and `_defect` of what is no object, and
    `_undeclared`, the names of other keys. Blank lines are no rows; a key that is named twice counts where it is first.
    """
    shape = quote(json.dumps(dict.fromkeys(source.columns, "VARCHAR")))
    declared = ", ".join(quote(column) for column in source.columns)
    columns = ", ".join(_column(source, column) for column in source.columns)
    unknown = f"list_filter(json_keys(sound), lambda key: not list_contains([{declared}], key))"
    # Functions of JSON raise on text that is none, hence `sound`; sound JSON that begins with a brace is an object.
    return f"""
        select {columns}, arrival_day, _file, _line,
          case when not good then text end as _raw,
          case when not good then 'malformed_row' end as _defect,
          case when good then {unknown} end as _undeclared
        from (
          select *, from_json(sound, {shape}) as parsed, coalesce(ltrim(sound, ' \t\r') like '{{%', false) as good
          from (select *, case when json_valid(text) then text end as sound from lines where trim(text, ' \t') <> '')
        )"""


def _column(source: Source, column: str) -> str:
    value = f'parsed."{column}"'
    return f'{flat(value)} as "{column}"' if column in source.lists else f'{value} as "{column}"'


def flat(text: str) -> str:
    """DuckDB text: a JSON list as text separated by |, and other text as it is."""
    return f"""case
        when {text} like '[%' and json_valid({text}) then array_to_string(from_json({text}, '["VARCHAR"]'), '|')
        else {text} end"""
