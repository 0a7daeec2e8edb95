"""The people of one erasure, and every name that they go by anywhere under the home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...keys import Keyring


@dataclass(frozen=True)
class Person:
    """One account, or one profile of it where `profile` is given, with what must be known to find their rows.

    `profiles` are all profiles that are erased with it; `refs` the refs by which the vault knew them in the ledger,
    `devices` those on which they said something that the ledger has.
    """

    account: str
    profile: str | None
    profiles: tuple[str, ...]
    refs: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()

    @property
    def subject(self) -> tuple[str, ...]:
        """The ids that the tombstone is made of."""
        return (self.account,) if self.profile is None else (self.account, self.profile)


@dataclass(frozen=True)
class People:
    """The people of one erasure, numbered by their place, so that one pass over a table serves all of them."""

    persons: Sequence[Person]

    @cached_property
    def accounts(self) -> dict[str, int]:
        """Number by account_id, of those who are erased with all their profiles."""
        return {one.account: n for n, one in enumerate(self.persons) if one.profile is None}

    @cached_property
    def profiles(self) -> dict[tuple[str, str], int]:
        """Number by (account_id, profile_id), of those who are erased as one profile."""
        return {(one.account, one.profile): n for n, one in enumerate(self.persons) if one.profile is not None}

    def keys(self, keyring: Keyring, purpose: str) -> dict[str, int]:
        """Number by pseudonym of a purpose: the viewer_key of each profile, the account_key of whole accounts."""
        pairs = [(n, one.account, profile) for n, one in enumerate(self.persons) for profile in one.profiles]
        found = keyring.viewer_keys(purpose, ((account, profile) for _, account, profile in pairs))
        keys = {key: n for key, (n, _, _) in zip(found, pairs, strict=True)}
        return keys | dict(zip(keyring.account_keys(purpose, self.accounts), self.accounts.values(), strict=True))
