"""Contracts: what each table holds, in dbt's schema.yml words, checked when they are read."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

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


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _ColumnMeta(_Part):
    privacy: PrivacyClass | None = None


class Column(_Part):
    """One column: its DuckDB type, its meaning, its privacy class (None: what lineage says) and its tests."""

    name: str
    data_type: str
    description: str
    meta: _ColumnMeta = _ColumnMeta()
    data_tests: tuple[str | dict[str, dict[str, Any]], ...] = ()

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
    version: int = 1
    owners: tuple[str, ...] = ("team:data-platform",)
    kinds: tuple[str, ...] = ()


class Contract(_Part):
    """One table. `meta.partition_by` names the day column that its lake folders are named after, if any."""

    name: str
    description: str
    meta: _ContractMeta
    columns: tuple[Column, ...] = Field(min_length=1)

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
    contracts: dict[str, Contract] = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            document = yaml.load(path.read_text(), Loader=_Loader)  # noqa: S506 - a safe loader either way
            file = _File.model_validate(document)
        except yaml.YAMLError as error:
            raise UsageError(f"{path}: not YAML: {error}") from None
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise UsageError(f"{path}: {problems}") from None
        for contract in file.models:
            if contract.name in contracts:
                raise UsageError(f"{path}: the table {contract.name} has a contract already")
            contracts[contract.name] = contract
    return contracts
