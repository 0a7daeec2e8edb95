"""One expectation, as plain data: known and compared without importing Great Expectations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warn"]
Kind = Literal["not_null", "unique", "unique_together", "in_set", "between", "regex", "at_least", "query", "schema"]


@dataclass(frozen=True)
class ExpectationSpec:
    """One expectation: a name stable and unique within its table, what it asks, and how much its failing matters.

    `query` and `schema` are counted by the engine or from the files' schema, exactly and over all rows; the other
    kinds are Great Expectations' own, over a frame of the columns that they name.
    """

    name: str
    kind: Kind
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    severity: Severity = "error"
    meaning: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the table that a frame must hold for this expectation."""
        if self.kind in ("query", "schema"):
            return ()
        if self.kind == "unique_together":
            return tuple(self.kwargs["column_list"])
        if self.kind == "at_least":
            return (self.kwargs["column_A"], self.kwargs["column_B"])
        return (self.kwargs["column"],)


def quoted(name: str) -> str:
    """A column's name as SQL: some of ours, such as "check", are words of the language."""
    return f'"{name}"'
