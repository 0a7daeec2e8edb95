"""Whose each row of a table is, of the people of an erasure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from ...engines import Session
from ..places import How, Place
from .people import People

_BETWEEN = "\x1f"

Owners = Callable[[pa.Table], pa.Array]
"""Of a piece of a table: the number of the person that each row is about; null where it is nobody of them."""


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
