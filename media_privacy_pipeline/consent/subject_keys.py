"""Keys of the subjects' own: one an account, one a profile and one a device, random, wrapped, each destroyed with its
subject.

    HOME/vault/keys.sqlite      lookup (keyed hash of the ids), wrapped key (AES-256-GCM under a key of the root)

What the ledger calls people is derived from these keys. The ledger is append-only: once a subject's key is destroyed,
their rows still verify and no one, not even with the key file, can tell whose they are. Keys are made once and never
change; two homes have different ones, also under one key file. SQLite overwrites what is deleted (secure_delete).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ..engines import Session
from ..errors import Refused
from ..keys import Keyring, pseudonym

Kind = Literal["account", "profile", "device"]
KINDS: tuple[Kind, ...] = ("account", "profile", "device")
Ids = tuple[str, ...]

_KEY_BYTES = 32
_NONCE_BYTES = 12
_CHUNK = 10_000


class SubjectKeys:
    """The keys of one home. One process writes at a time (the run lock sees to it)."""

    def __init__(self, connection: sqlite3.Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._lookup = keyring.derive("vault", "lookup")
        self._wrapping = AESGCM(keyring.derive("vault", "wrap"))

    def get(self, kind: Kind, ids: Iterable[Ids], *, make: bool) -> dict[Ids, bytes]:
        """The key of each subject, those without one left out; or made now, and on the disk when this returns.

        Raises Refused for a key that was not wrapped under this key file.
        """
        by_lookup = {self._name(kind, each): each for each in ids}
        found = {by_lookup[name]: self._unwrap(name, wrapped) for name, wrapped in self._rows(list(by_lookup))}
        if make and len(found) < len(by_lookup):
            new = {name: os.urandom(_KEY_BYTES) for name, each in by_lookup.items() if each not in found}
            rows = [(name, self._wrap(name, key)) for name, key in new.items()]
            with self._connection:
                self._connection.executemany("insert into subject_keys values (?, ?)", rows)
            found |= {by_lookup[name]: key for name, key in new.items()}
        return found

    def known(self, kind: Kind, ids: Iterable[Ids]) -> set[Ids]:
        """Which subjects have a key."""
        by_lookup = {self._name(kind, each): each for each in ids}
        return {by_lookup[name] for name, _ in self._rows(list(by_lookup))}

    def destroy(self, kind: Kind, ids: Iterable[Ids]) -> None:
        """Destroy the keys of subjects; those without one are left alone."""
        names = [(self._name(kind, each),) for each in ids]
        with self._connection:
            self._connection.executemany("delete from subject_keys where lookup = ?", names)

    def __len__(self) -> int:
        (rows,) = self._connection.execute("select count(*) from subject_keys").fetchone()
        return int(rows)

    def _rows(self, names: Sequence[str]) -> list[tuple[str, bytes]]:
        found: list[tuple[str, bytes]] = []
        for start in range(0, len(names), _CHUNK):
            chunk = names[start : start + _CHUNK]
            marks = ", ".join("?" * len(chunk))
            sql = f"select lookup, wrapped from subject_keys where lookup in ({marks})"
            found += self._connection.execute(sql, chunk).fetchall()
        return found

    def _name(self, kind: Kind, ids: Ids) -> str:
        return pseudonym(self._lookup, kind, *ids)

    def _wrap(self, name: str, key: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._wrapping.encrypt(nonce, key, name.encode())

    def _unwrap(self, name: str, wrapped: bytes) -> bytes:
        try:
            return self._wrapping.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], name.encode())
        except InvalidTag:
            raise Refused(
                "vault/keys.sqlite: a key in it was changed, or wrapped under another key file: restore both"
            ) from None


@contextmanager
def opened_keys(session: Session) -> Iterator[SubjectKeys]:
    """The keys of a session's home, closed when the block ends."""
    folder = session.settings.vault
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "keys.sqlite"
    if not path.exists():
        path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=60)
    try:
        connection.execute("pragma secure_delete = on")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma cache_size = -65536")
        connection.execute(
            "create table if not exists subject_keys (lookup text primary key, wrapped blob not null) without rowid"
        )
        yield SubjectKeys(connection, session.keyring)
    except sqlite3.Error as error:
        raise Refused(f"{path}: the subjects' keys cannot be used: {type(error).__name__}; restore the file") from None
    finally:
        connection.close()
