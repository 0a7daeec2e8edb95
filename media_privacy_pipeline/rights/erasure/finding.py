"""Which stored tables hold people, and whose each row is: read off the contracts' privacy classes, not listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session
from ...errors import UsageError
from ...sql import Contract, PrivacyClass, Project
from .people import People

_IDENTIFIERS = frozenset({PrivacyClass.direct_identifier, PrivacyClass.pseudonym})
_KEYS = ("viewer_key", "account_key")
_NUMBERED = "subject_no"
_DEVICES = frozenset({"device_id", "device_ref"})
_BETWEEN = "\x1f"

Owners = Callable[[pa.Table], pa.Array]
"""Of a piece of a table: the number of the person that each row is about; null where it is nobody of them."""


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
    personal = {
        column.name
        for column in contract.columns
        if (column.privacy or project.privacy_class(contract.name, column.name)) in _IDENTIFIERS
    }
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


def resolved(place: Place, people: People) -> Place:
    """The same place for these people: where one profile goes and the table has accounts alone, it is made anew."""
    if place.how is How.by_account and people.profiles and "profile_id" not in place.columns:
        return Place(place.table, How.remade, ())
    return place


def owners_of(session: Session, place: Place, people: People) -> Owners:
    """Whose the rows of a table are, for a place that rows leave by account or by key."""
    if place.how is How.by_account:
        return _by_account(people, "profile_id" in place.columns)
    purpose = session.project.contracts[place.table].meta.purpose
    return _by_key(people.keys(session.keyring, str(purpose)), place.columns)


def _by_account(people: People, has_profile: bool) -> Owners:
    accounts = _numbers(people.accounts)
    profiles = _numbers({_BETWEEN.join(pair): n for pair, n in people.profiles.items()})

    def owners(piece: pa.Table) -> pa.Array:
        found = accounts(piece["account_id"])
        if not people.profiles or not has_profile:
            return found
        pair = pc.binary_join_element_wise(piece["account_id"], piece["profile_id"], _BETWEEN)
        return pc.coalesce(found, profiles(pair))

    return owners


def _by_key(keys: Mapping[str, int], columns: tuple[str, ...]) -> Owners:
    numbers = _numbers(keys)
    return lambda piece: pc.coalesce(*(numbers(piece[column]) for column in columns))


def _numbers(of: Mapping[str, int]) -> Callable[[pa.ChunkedArray], pa.Array]:
    names, numbers = pa.array(list(of), pa.string()), pa.array(list(of.values()), pa.int32())

    def look_up(column: pa.ChunkedArray) -> pa.Array:
        found: pa.Array = numbers.take(pc.index_in(column.cast(pa.string()), value_set=names).combine_chunks())
        return found

    return look_up
