"""Which stored tables hold people, and by which columns: read off the contracts' privacy classes, not listed.

What an erasure takes out, an export hands over and retention counts is told here, so that the three mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ..engines import Session
from ..errors import UsageError
from ..sql import Contract, PrivacyClass, Project

_IDENTIFIERS = frozenset({PrivacyClass.direct_identifier, PrivacyClass.pseudonym})
_KEYS = ("viewer_key", "account_key")
_NUMBERED = "subject_no"
_DEVICES = frozenset({"device_id", "device_ref"})


class How(StrEnum):
    """How a person's rows leave a table that has columns which single out people."""

    by_account = "by_account"
    """By account_id, and profile_id where there is one."""
    by_key = "by_key"
    """By the pseudonyms of the table's purpose."""
    remade = "remade"
    """All of it goes, since the same night makes it anew from what is left: it is numbered by a snapshot of the vault,
    or lists devices."""
    kept = "kept"
    """The rows stay: the ledger is append-only, and unlinkable once the subject's key is gone; a tombstone is what the
    door refuses people by."""


@dataclass(frozen=True)
class Place:
    """One stored table: how rows leave it, and the columns that tell whose they are."""

    table: str
    how: How
    columns: tuple[str, ...]


def places(session: Session) -> list[Place]:
    """Every stored table that has columns which single out people, by name.

    Raises UsageError for one of which nothing tells whose rows it has.
    """
    contracts = session.project.contracts
    found = [place_of(session.project, contracts[name]) for name in sorted(contracts) if session.lake.has(name)]
    return [place for place in found if place is not None]


def place_of(project: Project, contract: Contract) -> Place | None:
    """How a person's rows leave a table; None where no column of it singles out people."""
    personal = identifiers(project, contract)
    if not personal:
        return None
    if "account_id" in personal:
        columns = tuple(name for name in ("account_id", "profile_id") if name in contract.types)
        return Place(contract.name, How.by_account, columns)
    if contract.meta.purpose is not None and (keys := tuple(name for name in _KEYS if name in personal)):
        return Place(contract.name, How.by_key, keys)
    if "account_ref" in personal or "subject_ref" in personal:
        return Place(contract.name, How.kept, ())
    if _NUMBERED in personal or personal <= _DEVICES:
        return Place(contract.name, How.remade, ())
    raise UsageError(
        f"{contract.name}: it holds people ({', '.join(sorted(personal))}), and nothing tells whose its rows are, so "
        "that nobody could be erased from it: give it account_id, or viewer_key and a purpose"
    )


def identifiers(project: Project, contract: Contract) -> set[str]:
    """The columns of a table that single out people."""
    return {
        column.name
        for column in contract.columns
        if (column.privacy or project.privacy_class(contract.name, column.name)) in _IDENTIFIERS
    }
