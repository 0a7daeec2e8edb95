"""A table in the forms that a person can read and another service can take in: JSON, CSV and a JSON schema."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from ...sql import Column, Contract

_TYPES: dict[str, dict[str, Any]] = {
    "varchar": {"type": "string"},
    "integer": {"type": "integer"},
    "bigint": {"type": "integer"},
    "double": {"type": "number"},
    "boolean": {"type": "boolean"},
    "timestamp": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "varchar[]": {"type": "array", "items": {"type": "string"}},
    "double[]": {"type": "array", "items": {"type": "number"}},
}


@dataclass(frozen=True)
class Held:
    """Rows of one person in one table, under its contract. `kind` is the folder that they are handed over in."""

    kind: str
    name: str
    contract: Contract
    rows: pa.Table

    @property
    def records(self) -> list[dict[str, Any]]:
        """The rows as plain values, times in ISO-8601 with their zone."""
        return [{name: _plain(value) for name, value in row.items()} for row in self.rows.to_pylist()]


def as_json(held: Held) -> str:
    """An array with one object a row; a value that is not known is null."""
    return json.dumps(held.records, ensure_ascii=False, indent=1) + "\n"


def as_csv(held: Held) -> str:
    """CSV with a header (RFC 4180); a value that is not known is empty, a list is JSON."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(held.contract.types)
    for row in held.records:
        writer.writerow([_cell(value) for value in row.values()])
    return out.getvalue()


def as_schema(held: Held) -> str:
    """JSON Schema (2020-12) of the JSON form, from the table's contract; `privacy` is each column's class."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": held.name,
        "description": held.contract.description.strip(),
        "type": "array",
        "items": {
            "type": "object",
            "properties": {column.name: _property(column) for column in held.contract.columns},
            "required": list(held.contract.types),
            "additionalProperties": False,
        },
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _property(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"description": column.description, **_TYPES[column.data_type]}
    if column.privacy is not None:
        found["privacy"] = column.privacy.value
    given: dict[str, dict[str, Any]] = {}
    for test in column.data_tests:
        given |= {test: {}} if isinstance(test, str) else test
    if "not_null" not in given:
        found["type"] = [found["type"], "null"]
    if (values := given.get("accepted_values", {}).get("values")) is not None:
        found["enum"] = [*values] if "not_null" in given else [*values, None]
    if "regex" in given:
        found["pattern"] = given["regex"]["pattern"]
    for end, word in (("min", "minimum"), ("max", "maximum")):
        # A range that only warns is what is usual, and no promise.
        if end in given.get("range", {}) and given["range"].get("severity") != "warn":
            found[word] = given["range"][end]
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    return value.isoformat() if isinstance(value, date) else value


def _cell(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
