"""Small random tables that keep a contract: few values, so that joins meet; nulls, odd letters and edges of time."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa

from media_privacy_pipeline.sql import Column, Contract

NOON = datetime(2024, 3, 1, 12)

ARROW = {
    "varchar": pa.string(), "integer": pa.int32(), "bigint": pa.int64(), "double": pa.float64(),
    "boolean": pa.bool_(), "timestamp": pa.timestamp("us"), "date": pa.date32(), "varchar[]": pa.list_(pa.string()),
    "double[]": pa.list_(pa.float64()),
}  # fmt: skip

_WORDS = ["a", "b", "c", "ß", "İ x", "main", "", "A,b|c", "it's", "😀", "12", "x\\y", "100%"]
_KEYS = ["0" * 32, "1" * 31 + "a", "f" * 32]
_PATTERNED = [
    *_KEYS,
    "IS",
    "DE",
    "ZZ",
    "IS-1",
    "DE-BY",
    "n",
    "w",
    "used/training",
    "withheld/training",
    "viewer",
    "training",
    "0.5",
    "2024-03-01",
]
_TIMES = [
    NOON,
    NOON + timedelta(microseconds=1),
    NOON - timedelta(days=1),
    datetime(2024, 2, 29, 23, 59, 59, 999_999),
    datetime(2024, 3, 2),
    datetime(2024, 3, 31, 1, 30),
    datetime(1970, 1, 1),
    datetime(2099, 12, 31, 23, 59, 59),
]
_DAYS = [date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 2)]
_AS_TEXT = {
    "timestamp": [
        "2024-03-01T12:00:00Z", "2024-03-01T12:00:00.123456+05:45", "2024-03-01 12:00:00", "1709294400000",
        "1709294400000.0", "2024-02-30T00:00:00Z", "2024-03-01T12:00:00-0800", "soon", "", "2024-03-01", None,
    ],
    "integer": ["0", "7", "-1", "86400", "86401", "3.0", "2.5", "1e3", " 12 ", "many", "", "99999999999", "016", None],
    "boolean": ["true", "false", "1", "0", "Yes", "n", "maybe", "", None],
    "varchar[]": ["drama|comedy", '["drama", "comedy"]', "drama", "", "[", '["a|b"]', "|", None],
}  # fmt: skip


def random_table(contract: Contract, types_of_words: Mapping[str, str], seed: int, rows: int = 40) -> pa.Table:
    """Rows that keep a contract's types, nulls, accepted values, ranges, patterns, uniqueness and grain.

    `types_of_words` says of a text column what it is the text of (the door's tables hold numbers and times as sent).
    """
    chance = random.Random(f"{contract.name}-{seed}")
    made = [
        {column.name: _value(column, contract, types_of_words, chance, n) for column in contract.columns}
        for n in range(rows)
    ]
    keys = [contract.meta.grain, *((c.name,) for c in contract.columns if "unique" in c.data_tests)]
    for key in filter(None, keys):
        made = list({tuple(row[name] for name in key): row for row in made}.values())
    schema = pa.schema([(name, ARROW[kind]) for name, kind in contract.types.items()])
    return pa.Table.from_pylist(made, schema=schema)


def _value(column: Column, contract: Contract, words: Mapping[str, str], chance: random.Random, row: int) -> Any:
    required = "not_null" in column.data_tests
    if not required and chance.random() < 0.2:
        return None
    if column.name in ("_line", "seq", "subject_no"):
        return row
    pool = _pool(column, words if contract.meta.group == "landing_zone" else {})
    assert pool, f"{contract.name}.{column.name}: no random value keeps its data_tests: add some above"
    value = chance.choice(pool)
    return "" if required and value is None else value


def _pool(column: Column, words: Mapping[str, str]) -> list[Any]:
    tests: dict[str, dict[str, Any]] = {}
    for test in column.data_tests:
        tests |= {test: {}} if isinstance(test, str) else test
    if "accepted_values" in tests:
        return list(tests["accepted_values"]["values"])
    if "regex" in tests:
        return [word for word in _PATTERNED if re.search(tests["regex"]["pattern"], word)]
    low, high = tests.get("range", {}).get("min"), tests.get("range", {}).get("max")
    match column.data_type:
        case "varchar":
            return _texts(column.name, words)
        case "integer" | "bigint":
            return [n for n in (low, high, 0, 1, 2, 7, 60, 1990, 2015) if n is not None and _within(n, low, high)]
        case "double":
            return [x for x in (low, high, 0.0, 0.1, 1 / 3, 2.5, 1e6, -1.5) if x is not None and _within(x, low, high)]
        case "boolean":
            return [True, False]
        case "timestamp":
            return _TIMES
        case "date":
            return _DAYS
        case "varchar[]":
            return [[], ["drama"], ["drama", "comedy"], ["comedy", "comedy"], ["ß"]]
        case "double[]":
            return [[], [0.0, 1.0], [-0.5, 2.5]]
    raise AssertionError(f"{column.name}: no random values for the type {column.data_type}")


def _texts(name: str, words: Mapping[str, str]) -> list[Any]:
    if words.get(name) in _AS_TEXT:
        return _AS_TEXT[words[name]]
    if name.endswith("_key"):
        return _KEYS
    if name in ("account_id", "profile_id", "title_id", "device_id", "event_id", "session_id"):
        return ["main", "b", "c", "d"]
    if name in ("country", "region"):
        return ["IS", "DE", "de ", "ZZ", "IS-1", "de-by", "Mars"]
    return _WORDS


def _within(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)
