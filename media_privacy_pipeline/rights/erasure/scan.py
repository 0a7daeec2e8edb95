"""The proof of an erasure: every file under the home is looked into for every name of the people erased (case 53)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...engines import Session
from ...published.shelf import shelf_of
from ...published.url_shelf import UrlShelf
from ...stores.lake import UrlLake
from .looking import UNREADABLE, look_into
from .needles import Needles, needles
from .people import People
from .rewriting import rows_of

_ALLOWED = "consent_ledger"
"""The lake's export of the ledger: refs stay in it, since the ledger is append-only."""

_BESIDE_A_DATABASE = ("-wal", "-shm", "-journal")
"""Looked into as well, and not counted: they come and go."""


@dataclass
class Scan:
    """What was looked into, and where somebody was found: files by the number of the person.

    Coverage by zone (a folder of the home): files, bytes on the disk, and bytes searched after opening.
    """

    zones: dict[str, Counter[str]] = field(default_factory=dict)
    found: dict[int, set[str]] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)
    names: Counter[str] = field(default_factory=Counter)

    def is_clean(self, number: int) -> bool:
        """Whether a person was found nowhere, and every file could be opened."""
        return not self.unreadable and number not in self.found

    def coverage(self) -> dict[str, Any]:
        """For the receipt: how much was looked into, and for how many names of each grade."""
        total: Counter[str] = sum(self.zones.values(), Counter())
        return {
            **{name: total[name] for name in ("files", "bytes", "opened_bytes")},
            "zones": {zone: dict(sorted(counts.items())) for zone, counts in sorted(self.zones.items())},
            "names": dict(sorted(self.names.items())),
        }


def scan(session: Session, people: People, numbers: Iterable[int]) -> Scan:
    """Look for some of the people of an erasure in every file under the home.

    Names are the account_id of whole accounts, the pseudonyms of each purpose and the refs in the ledger; a profile's
    rows beside other profiles' are counted by account_id and profile_id together. In the ledger itself refs are not
    looked for.
    """
    wanted = set(numbers)
    purposes = session.policy.purposes
    keys = {name: n for p in purposes for name, n in people.keys(session.keyring, p).items() if n in wanted}
    refs = {ref: n for n in sorted(wanted) for ref in people.persons[n].refs}
    ids = {account: n for account, n in people.accounts.items() if n in wanted}
    inside, outside = needles(keys, ids, _staying(session)), needles({**keys, **refs}, ids, _staying(session))
    result = Scan()
    result.names.update(grade.value for grade in outside.grades.values())
    for name, file in _stored(session):
        _look(session, file, name, inside if _is_ledger(session, name) else outside, result)
    for table, number, _ in rows_of(session, people):
        if number in wanted:
            result.found.setdefault(number, set()).add(f"lake/{table}")
    return result


def _look(session: Session, file: Path, name: str, wanted: Needles, result: Scan) -> None:
    try:
        look = look_into(session, file, wanted)
    except FileNotFoundError:
        # A journal of a database came and went.
        return
    except UNREADABLE:
        result.unreadable.add(name)
        return
    if not name.endswith(_BESIDE_A_DATABASE):
        zone = result.zones.setdefault(name.partition("/")[0], Counter())
        zone.update(files=1, bytes=file.stat().st_size, opened_bytes=look.expanded)
    for number in look.people:
        result.found.setdefault(number, set()).add(name)


def _stored(session: Session) -> Iterator[tuple[str, Path]]:
    """Every file of the home by its name under it, and of lake and releases where they are elsewhere.

    Of what is in an object store, each object is looked into as a local copy, and no copy a second time.
    """
    settings, shelf = session.settings, shelf_of(session.settings)
    copies = [settings.work / "lake", settings.work / "published"]
    for file in _files(settings.home):
        if not any(file.is_relative_to(place) for place in copies):
            yield str(file.relative_to(settings.home)), file
    if isinstance(session.lake, UrlLake):
        yield from ((f"lake/{file.relative_to(settings.lake)}", file) for file in session.lake.stored())
    elif not settings.lake.is_relative_to(settings.home):
        yield from ((f"lake/{file.relative_to(settings.lake)}", file) for file in _files(settings.lake))
    if isinstance(shelf, UrlShelf):
        yield from ((f"published/{name}", file) for name, file in shelf.stored())
    elif not settings.published.is_relative_to(settings.home):
        yield from ((f"published/{file.relative_to(settings.published)}", file) for file in _files(settings.published))


def _files(home: Path) -> Iterator[Path]:
    yield from sorted(path for path in home.rglob("*") if path.is_file() and not path.is_symlink())


def _is_ledger(session: Session, name: str) -> bool:
    zone, _, rest = name.partition("/")
    return zone == "ledger" or (zone == "lake" and rest.partition("/")[0] == _ALLOWED)


def _staying(session: Session) -> Iterator[str]:
    """Ids of everybody in the vault, as they go by."""
    files = {"subjects": session.folder("subjects")}
    for batch in session.engine.batches("select distinct account_id from subjects", files):
        yield from batch["account_id"].to_pylist()
