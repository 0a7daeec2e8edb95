"""Contracts of the exact tables that a policy insists on: restricted to the purpose whose rows they count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import UsageError
from ..policy import Policy
from .contracts import Access, Contract, PrivacyClass, ProtectedBy

_TOLD = {
    "accounts": ("bigint", "Accounts in the cell, exactly; never fewer than k"),
    "class_accounts": ("bigint", "Accounts in the cell's class: all cells with the same quasi-identifiers"),
    "l_distinct": ("bigint", "How many sensitive values the class tells"),
    "l_entropy": ("double", "Exponential of the entropy of the class's told values"),
}


def exact_contracts(policy: Policy, contracts: Mapping[str, Contract]) -> dict[str, Contract]:
    """Contract of every exact table by name; `contracts` are all others, the permitted tables' among them.

    Raises UsageError for a name that is taken, a column that the source has not, and a contract that claims the
    protection of one without the policy's word.
    """
    for contract in contracts.values():
        if contract.meta.protected_by is ProtectedBy.suppression:
            raise UsageError(
                f"contract {contract.name}: protected_by suppression is for the policy's exact_tables alone"
            )
    made = {}
    for name, table in policy.exact_tables.items():
        where = f"policy: exact_tables.{name}"
        if name in contracts:
            raise UsageError(f"{where}: there is another table of this name")
        if table.source not in contracts:
            raise UsageError(f"{where}: the unknown table {table.source}")
        source = contracts[table.source]
        for column in table.columns:
            if column not in source.types:
                raise UsageError(f"{where}: {table.source} has no column {column}")
        kinds = dict.fromkeys(table.quasi_identifiers, PrivacyClass.quasi_identifier)
        kinds[table.sensitive] = PrivacyClass.sensitive
        columns = [_column("period", "date", "First arrival day of the period", PrivacyClass.public)]
        columns += [
            _column(each, "varchar", "As most of an account's rows have it; other: told together", kind)
            for each, kind in kinds.items()
        ]
        columns += [_column(each, kind, said, PrivacyClass.behaviour) for each, (kind, said) in _TOLD.items()]
        made[name] = Contract.model_validate(
            {
                "name": name,
                "description": f"{table.title}. Exact counts of accounts by {table.period}, told once.",
                "meta": {
                    "group": "published",
                    "access": Access.restricted,
                    "protected_by": ProtectedBy.suppression,
                    "purpose": source.meta.purpose,
                    "partition_by": "period",
                    "grain": ("period", *table.columns),
                    "made_from": (table.source,),
                },
                "columns": columns,
            }
        )
    return made


def _column(name: str, kind: str, said: str, privacy: PrivacyClass) -> dict[str, Any]:
    return {
        "name": name,
        "data_type": kind,
        "description": said,
        "meta": {"privacy": privacy},
        "data_tests": ["not_null"],
    }
