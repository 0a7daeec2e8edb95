"""Whose data is asked for, and by which keys the tables hold it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from ...engines import Session


@dataclass(frozen=True)
class Person:
    """One profile; or, where `profile_id` is None, an account with all of its profiles.

    `profiles` are those of them that the vault knows.
    """

    account_id: str
    profile_id: str | None
    profiles: tuple[str, ...]

    def owns(self, account_id: str | None, profile_id: str | None) -> bool:
        """Whether a row is theirs. One that names no profile is about the whole account, hence about each profile."""
        return account_id == self.account_id and (self.profile_id is None or profile_id in (None, self.profile_id))

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """(account_id, profile_id) of each profile."""
        return [(self.account_id, profile) for profile in self.profiles]


def person_of(session: Session, account_id: str, profile_id: str | None) -> Person:
    """The person as the vault knows them: a profile that it does not know has none."""
    found = session.engine.fetch(
        "select s.profile_id from subjects as s join wanted as w on w.account_id = s.account_id",
        {"subjects": session.folder("subjects"), "wanted": pa.table({"account_id": [account_id]})},
    )
    known = sorted(found.column("profile_id").to_pylist())
    return Person(account_id, profile_id, tuple(p for p in known if profile_id in (None, p)))
