"""The six inputs, and what the door's contracts say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import UsageError
from ..sql import Project

SOURCES = ("titles", "accounts", "consent_events", "subject_requests", "viewing_events", "search_events")
_SNAPSHOTS = frozenset({"titles", "accounts"})
_KEPT = frozenset({"_file", "_line", "_raw", "_defect", "_malformed", "arrival_day"})


@dataclass(frozen=True)
class Source:
    """One input: the columns that it may hold, those that it must, and those that hold lists.

    `identity` is the column that names a row of a daily input; a snapshot has none. `typed` are the columns that have a
    twin, `_<column>`, for values that arrive in the right type, with that type in DuckDB's words.
    """

    name: str
    columns: tuple[str, ...]
    required: frozenset[str]
    lists: frozenset[str]
    identity: str | None
    typed: Mapping[str, str]

    @property
    def landed(self) -> str:
        """The table of its rows as text."""
        return f"landed_{self.name}"

    @property
    def accepted(self) -> str:
        """The table of its rows as the door let them in."""
        return f"accepted_{self.name}"

    @property
    def accounted(self) -> str:
        """The table of its counts."""
        return f"accounted_{self.name}"

    def as_text(self, column: str) -> str:
        """DuckDB text of a column of the landed table as text, whichever way it arrived."""
        if column not in self.typed:
            return f'"{column}"'
        zone = " || 'Z'" if self.typed[column] == "timestamp" else ""
        return f'coalesce("{column}", cast("_{column}" as varchar){zone})'

    @property
    def of_accounts(self) -> bool:
        """Whether its rows are about accounts, so that the door refuses those of erased ones."""
        return "account_id" in self.columns


def source_of(project: Project, name: str) -> Source:
    """An input by name. Raises UsageError for one that there is not."""
    if name not in SOURCES:
        raise UsageError(f"there is no input {name!r}: the landing zone has {', '.join(SOURCES)}")
    landed, accepted = project.contracts[f"landed_{name}"], project.contracts[f"accepted_{name}"]
    columns = [column for column in landed.columns if column.name not in _KEPT]
    declared = [column for column in columns if not column.name.startswith("_")]
    return Source(
        name,
        tuple(column.name for column in declared),
        frozenset(column.name for column in declared if "not_null" in column.data_tests),
        frozenset(column for column, kind in accepted.types.items() if kind.endswith("[]")),
        None if name in _SNAPSHOTS else declared[0].name,
        {column.name[1:]: column.data_type for column in columns if column.name.startswith("_")},
    )
