"""The journal of an erasure: what it is about to do, on the disk before it does it, and who it is about, sealed.

    HOME/erasures/<erasure_id>/people.sealed     requests and ids, encrypted; destroyed when every receipt is written
    HOME/erasures/<erasure_id>/journal.jsonl     one entry a line, each flushed before what it tells of happens

An entry names places, counts and digests, and never a person: they are numbers there. Entries are written once: what is
done again after a crash finds its entry and adds none, so that a receipt, which is made of entries alone, is the same.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...consent.erasures import Erasure, tombstone
from ...durable import sync, sync_tree
from ...engines import Session
from ...keys import Keyring
from ...lake import fingerprint_of
from .people import People, Person

_SEALED = "people.sealed"
_JOURNAL = "journal.jsonl"
_STAGING = ".staging-"
_SPOKE = """
select distinct c.account_id, c.profile_id, c.device_id
from accepted_consent_events as c
join wanted as w
    on w.account_id = c.account_id
where c.device_id is not null
"""

Entry = dict[str, Any]


@dataclass(frozen=True)
class Journal:
    """One erasure under way: its folder, and the entries that it has so far by (step, of)."""

    folder: Path
    as_of: datetime
    requests: Sequence[Erasure]
    people: People
    of_request: Sequence[int]
    """The person of each request: someone may have asked twice."""

    @property
    def erasure_id(self) -> str:
        """Name of the erasure; what is rewritten for it is marked with it."""
        return self.folder.name

    @cached_property
    def entries(self) -> dict[tuple[str, str], Entry]:
        """What is in the journal. A line that a crash cut off told of something that did not happen yet."""
        path, found = self.folder / _JOURNAL, dict[tuple[str, str], Entry]()
        text = path.read_bytes() if path.exists() else b""
        whole = text[: text.rfind(b"\n") + 1]
        if whole != text:
            with path.open("r+b") as stream:
                stream.truncate(len(whole))
        for line in whole.splitlines():
            entry = json.loads(line)
            found[entry["step"], entry["of"]] = entry
        return found

    def note(self, step: str, of: str, **what: Any) -> Entry:
        """Write an entry and flush it, unless the journal has one of this step and place; the one that it then has."""
        if (step, of) not in self.entries:
            entry = {"step": step, "of": of, **what}
            with (self.folder / _JOURNAL).open("ab") as stream:
                stream.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            self.entries[step, of] = json.loads(json.dumps(entry))
        return self.entries[step, of]

    def find(self, step: str, of: str = "") -> Entry | None:
        """One entry; None where it was not written."""
        return self.entries.get((step, of))

    def every(self, step: str) -> list[Entry]:
        """All entries of a step, in the order of their places."""
        return [entry for (name, _), entry in sorted(self.entries.items()) if name == step]

    def close(self) -> None:
        """Destroy the journal and the sealed names: the receipts say what was done."""
        # The names go first: without them what is left of the folder is swept, with them it would be done all over.
        (self.folder / _SEALED).unlink(missing_ok=True)
        shutil.rmtree(self.folder)


def begin(session: Session, as_of: datetime, due: Sequence[Erasure]) -> Journal:
    """Write down who is to be erased, before anything is done; the people in the order of their tombstones."""
    people = people_of(session, due)
    stones = [tombstone(session.keyring, one.subject) for one in people.persons]
    requests = sorted(due, key=lambda one: (one.received_at, one.request_id))
    of_request = [stones.index(tombstone(session.keyring, one.subject)) for one in requests]
    folder = session.settings.erasures / f"{as_of:%Y%m%dT%H%M%S}-{fingerprint_of(stones, as_of)[:12]}"
    document = {
        "as_of": as_of.isoformat(),
        "requests": [{**one._asdict(), "received_at": one.received_at.isoformat()} for one in requests],
        "people": [asdict(one) for one in people.persons],
        "of_request": of_request,
    }
    staging = folder.with_name(f"{_STAGING}{folder.name}")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True)
    sealed = session.keyring.seal(_context(folder), json.dumps(document).encode())
    (staging / _SEALED).write_bytes(sealed)
    sync_tree(staging)
    staging.rename(folder)
    sync(folder.parent)
    return _open(folder, session.keyring)


def people_of(session: Session, due: Sequence[Erasure]) -> People:
    """The people that some requests are about, each once, in the order of their tombstones."""
    by_stone = {tombstone(session.keyring, one.subject): one for one in due}
    accounts = {one.account_id for one in due}
    vault, devices = _vault(session, accounts), _devices(session, accounts)
    return People([_person(by_stone[stone], vault, devices) for stone in sorted(by_stone)])


def under_way(session: Session) -> Iterator[Journal]:
    """Erasures that are begun and have no receipts yet, the oldest first. Costs nothing where there are none."""
    root = session.settings.erasures
    if not root.is_dir():
        return
    for folder in sorted(root.iterdir()):
        if folder.name.startswith(_STAGING) or not (folder / _SEALED).exists():
            # Nothing was done yet of the first, and everything of the second.
            shutil.rmtree(folder)
        else:
            yield _open(folder, session.keyring)


def _open(folder: Path, keyring: Keyring) -> Journal:
    document: Mapping[str, Any] = json.loads(keyring.unseal(_context(folder), (folder / _SEALED).read_bytes()))
    requests = [
        Erasure(**{**one, "received_at": datetime.fromisoformat(one["received_at"])}) for one in document["requests"]
    ]
    people = [
        Person(one["account"], one["profile"], *(tuple(one[name]) for name in ("profiles", "refs", "devices")))
        for one in document["people"]
    ]
    return Journal(folder, datetime.fromisoformat(document["as_of"]), requests, People(people), document["of_request"])


def _context(folder: Path) -> str:
    return f"erasures/{folder.name}"


def _vault(session: Session, accounts: Collection[str]) -> dict[str, list[tuple[str, str, str]]]:
    """Profile, account ref and profile ref of each profile that some accounts have in the vault, by account."""
    columns = ["account_id", "profile_id", "account_ref", "profile_ref"]
    found: dict[str, list[tuple[str, str, str]]] = {}
    wanted = pa.table({"account_id": pa.array(sorted(accounts), pa.string())})
    sql = f"select {', '.join(f's.{name}' for name in columns)} from subjects as s join wanted using (account_id)"
    rows = session.engine.fetch(sql, {"subjects": session.folder("subjects"), "wanted": wanted})
    for account, *rest in zip(*(rows[name].to_pylist() for name in columns), strict=True):
        found.setdefault(account, []).append(tuple(rest))
    return found


def _devices(session: Session, accounts: Collection[str]) -> dict[str, set[tuple[str | None, str]]]:
    """Profile (None: the account) and device of what accounts said on a device, by account."""
    wanted = pa.table({"account_id": pa.array(sorted(accounts), pa.string())})
    inputs = {"accepted_consent_events": session.folder("accepted_consent_events"), "wanted": wanted}
    found: dict[str, set[tuple[str | None, str]]] = {}
    for row in session.engine.fetch(_SPOKE, inputs).to_pylist():
        found.setdefault(row["account_id"], set()).add((row["profile_id"], row["device_id"]))
    return found


def _person(
    one: Erasure,
    vault: Mapping[str, list[tuple[str, str, str]]],
    devices: Mapping[str, set[tuple[str | None, str]]],
) -> Person:
    known = vault.get(one.account_id, [])
    spoke = devices.get(one.account_id, set())
    on = tuple(sorted({device for profile, device in spoke if one.profile_id in (None, profile)}))
    if one.profile_id is not None:
        refs = tuple(ref for profile, _, ref in known if profile == one.profile_id)
        return Person(one.account_id, one.profile_id, (one.profile_id,), refs, on)
    refs = tuple(sorted({ref for _, account, profile in known for ref in (account, profile)}))
    return Person(one.account_id, None, tuple(sorted(profile for profile, _, _ in known)), refs, on)
