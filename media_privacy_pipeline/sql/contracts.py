"""Contracts: what each table holds, in dbt's schema.yml words, checked when they are read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ..errors import UsageError

# libyaml's safe loader is ten times faster, and Dagster loads the contracts in every step's process.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class PrivacyClass(StrEnum):
    """How close a column is to a person."""

    direct_identifier = "direct_identifier"
    pseudonym = "pseudonym"
    quasi_identifier = "quasi_identifier"
    behaviour = "behaviour"
    sensitive = "sensitive"
    public = "public"


class Access(StrEnum):
    """Who may read a table: nobody but the pipeline, one purpose's consumers, or everyone."""

    internal = "internal"
    restricted = "restricted"
    open = "open"


class ProtectedBy(StrEnum):
    """What lets an open table descend from people's data."""

    dp = "dp"
    """A paid differentially private release, found in the privacy ledger."""
    accounting = "accounting"
    """Exact row counts by day, source, stage and reason: the operational record that landing.md asks for."""
    suppression = "suppression"
    """Exact counts with small cells told together, decided once a period: the policy's exact_tables; never open."""


TESTS: dict[str, tuple[set[str], set[str]]] = {
    "not_null": (set(), set()),
    "unique": (set(), set()),
    "accepted_values": ({"values"}, {"values"}),
    "range": (set(), {"min", "max"}),
    "relationships": ({"to", "field"}, {"to", "field"}),
    "regex": ({"pattern"}, {"pattern"}),
}
"""What a column may be held to: each test's needed and allowed arguments."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _ColumnMeta(_Part):
    privacy: PrivacyClass | None = None
    kept_for: str | None = None


class Column(_Part):
    """One column: its DuckDB type, its meaning, its privacy class (None: what lineage says) and its tests.

    `meta.kept_for` names the policy's reason for holding what no purpose sees.
    """

    name: str
    data_type: Literal[
        "varchar", "integer", "bigint", "double", "boolean", "timestamp", "date", "varchar[]", "double[]"
    ]
    description: str
    meta: _ColumnMeta = _ColumnMeta()
    data_tests: tuple[str | dict[str, dict[str, Any]], ...] = ()
    """Words of TESTS, bare or with their arguments; `severity: warn` makes one that does not block."""

    @field_validator("data_tests")
    @classmethod
    def _known_tests(cls, tests: tuple[str | dict[str, dict[str, Any]], ...]) -> Any:
        for word, given in (item for test in tests for item in ({test: {}} if isinstance(test, str) else test).items()):
            if word not in TESTS:
                raise ValueError(f"the test {word!r} is none of {', '.join(TESTS)}")
            needed, allowed = TESTS[word]
            if not needed <= given.keys() or given.keys() - allowed - {"severity"}:
                raise ValueError(f"the test {word} takes {', '.join(sorted(allowed)) or 'no argument'}, and severity")
        return tests

    @property
    def privacy(self) -> PrivacyClass | None:
        """The declared class; None where lineage decides."""
        return self.meta.privacy


class _ContractMeta(_Part):
    group: str
    access: Access = Access.internal
    protected_by: ProtectedBy | None = None
    purpose: str | None = None
    partition_by: str | None = None
    grain: tuple[str, ...] = ()
    kept_for: str | None = None
    made_from: tuple[str, ...] = ()
    optional: bool = False
    version: int = 1
    owners: tuple[str, ...] = ("team:data-platform",)
    kinds: tuple[str, ...] = ()


class Contract(_Part):
    """One table. `meta.partition_by` names the day column that its lake folders are named after, if any; `kept_for` is
    what its columns are held for where they do not say themselves; `made_from` are the tables that a step written in
    Python makes it from, where no SELECT tells its lineage. An `optional` one is left out under a policy that shows its
    purpose nothing that it could be made from.
    """

    name: str
    description: str
    meta: _ContractMeta
    columns: tuple[Column, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _own_columns(self) -> Self:
        names = [column.name for column in self.columns]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{self.name} has two columns called {name}")
        for name in (*self.meta.grain, *([self.meta.partition_by] if self.meta.partition_by else [])):
            if name not in names:
                raise ValueError(f"{self.name} has no column {name}, which its grain or partition_by names")
        return self

    @property
    def types(self) -> dict[str, str]:
        """DuckDB type of each column, in order."""
        return {column.name: column.data_type for column in self.columns}


class _File(_Part):
    version: int = 2
    models: tuple[Contract, ...]


def load_contracts(folder: Path) -> dict[str, Contract]:
    """Every contract under a folder by table name.

    Raises UsageError that names the file and the field for a contract that cannot be read or is declared twice.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{folder}: no such folder: MEDIA_PRIVACY_SQL names the folder that holds contracts and models"
        )
    contracts: dict[str, Contract] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            document = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader either way
            file = _File.model_validate(document)
        except yaml.YAMLError as error:
            raise UsageError(f"{path}: not YAML: {error}") from None
        except ValidationError as error:
            problems = "; ".join(f"{_named(document, e['loc'])}: {e['msg']}" for e in error.errors())
            raise UsageError(f"{path}: {problems}") from None
        for contract in file.models:
            if contract.name in contracts:
                raise UsageError(f"{path}: the table {contract.name} has a contract already")
            contracts[contract.name] = contract
    return contracts


def _named(document: Any, place: tuple[int | str, ...]) -> str:
    """Where in a file an error is, its tables and columns by name."""
    words: list[str] = []
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            document = None
        named = isinstance(step, int) and isinstance(document, dict) and "name" in document
        words.append(str(document["name"]) if named else str(step))
    return ".".join(words)
