"""The end of an erasure, once a release without the people is out: old copies destroyed, the home scanned, receipts."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ...consent.record import opened
from ...engines import Session
from ...models.training import registry
from ...published.crypt import decryption, table_key
from ...published.manifest import Manifest
from ...published.shelf import Shelf, layout_of, shelf_of
from ...sql import Access, ProtectedBy
from . import receipt
from .journal import Journal, under_way
from .scan import Scan, scan

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Completed:
    """What became of the erasures under way: receipts that were written, requests that still wait, and why."""

    receipts: int
    waiting: int
    reasons: tuple[str, ...]


def complete(session: Session) -> Completed:
    """Destroy what older releases and models still hold, look through the home, and write the receipts.

    A request gets its receipt once nobody it names is found any more; until then the erasure stays under way.
    """
    for half in session.settings.receipts.glob(".*"):
        half.unlink()
    written, waiting = 0, 0
    reasons: dict[str, None] = {}
    for journal in under_way(session):
        done, why = _complete(session, journal)
        written += done
        left = [at for at, one in enumerate(journal.requests) if not receipt.path_of(session, one).exists()]
        waiting += len(left)
        reasons |= dict.fromkeys(why)
        if not left:
            journal.close()
    return Completed(written, waiting, tuple(reasons))


def _complete(session: Session, journal: Journal) -> tuple[int, list[str]]:
    wait = _retire(session, journal) or _models(session, journal)
    if wait:
        return 0, [wait]
    looked_for = {
        journal.of_request[at] for at, one in enumerate(journal.requests) if not receipt.path_of(session, one).exists()
    }
    known = {n for entry in journal.every("scan") for n in entry["clean"]}
    result = scan(session, journal.people, looked_for - known) if looked_for - known else Scan()
    clean = sorted(n for n in looked_for - known if result.is_clean(n))
    if clean:
        attempt = f"{len(journal.every('scan')):06}"
        journal.note("scan", attempt, clean=clean, coverage=result.coverage(), **_state(session))
    known |= set(clean)
    ready = [at for at, number in enumerate(journal.of_request) if number in looked_for & known]
    for at in ready:
        receipt.write(session, journal, at)
    _LOG.info("erasure %s: %d receipts", journal.erasure_id, len(ready))
    return len(ready), list(_why(result))


def _why(result: Scan) -> Iterable[str]:
    if result.unreadable:
        yield f"{_listed(result.unreadable)} cannot be opened, so that nobody can say who is in there"
    if result.found:
        files = {file for found in result.found.values() for file in found}
        yield f"{len(result.found)} of the people are still found in {_listed(files)}"


def _listed(files: Iterable[str]) -> str:
    ordered = sorted(files)
    return ", ".join(ordered[:5]) + (f" and {len(ordered) - 5} more files" if len(ordered) > 5 else "")


def _retire(session: Session, journal: Journal) -> str | None:
    """Destroy the restricted files of releases that readers no longer use, where they hold one of the people.

    The policy's days are for readers who are late; who was erased need not wait for them. What is in the way, if
    anything is.
    """
    shelf = shelf_of(session.settings)
    current = shelf.pointer().release_id
    now = None if current is None else shelf.manifest(current)
    if now is not None and now.as_of < journal.as_of:
        return "no release was published since: run the night again, and see what the gate says"
    kept = set() if now is None else {file.path for entry in now.tables.values() for file in entry.files}
    for release_id in shelf.releases():
        older = {path: purpose for path, purpose in _restricted(shelf.manifest(release_id)) if path not in kept}
        for path in sorted(shelf.present(older)):
            people = _people_in(session, journal, shelf, path, older[path])
            if people:
                sha256 = shelf.digest(path)
                journal.note("retire", path, release=release_id, file=path, sha256=sha256, people=people)
    shelf.remove(entry["file"] for entry in journal.every("retire"))
    # A candidate that the gate refused may hold people too, and the next night makes another.
    shutil.rmtree(layout_of(session.settings).candidates, ignore_errors=True)
    return None


def _state(session: Session) -> dict[str, Any]:
    """Where release, model and consent ledger stand when people are found to be gone."""
    with opened(session) as ledger:
        head = ledger.head()
    return {
        "release": shelf_of(session.settings).pointer().release_id,
        "model": registry(session.settings.models).champion(),
        "ledger": {"seq": head.seq, "hash": head.hash},
    }


def _restricted(manifest: Manifest) -> Iterable[tuple[str, str]]:
    for entry in manifest.tables.values():
        # No row of an exact table is about anybody.
        if entry.access is Access.restricted and entry.protected_by != ProtectedBy.suppression:
            yield from ((file.path, str(entry.purpose)) for file in entry.files)


def _people_in(session: Session, journal: Journal, shelf: Shelf, path: str, purpose: str) -> list[int]:
    keys = journal.people.keys(session.keyring, purpose)
    properties = decryption(table_key(session.keyring, purpose))
    found = shelf.read(path, ["viewer_key"], properties)
    return sorted({keys[key] for key in found["viewer_key"].unique().to_pylist() if key in keys})


def _models(session: Session, journal: Journal) -> str | None:
    """Destroy flagged models; what is in the way, where one is still in service."""
    where = registry(session.settings.models)
    if where.champion() in where.flagged():
        return "a model that they are in is still in service: run the night again, so that it is trained anew"
    where.prune(len(where.names()))
    return None
