"""Taking people's rows out of what is stored: the lake's tables, what the quarantine keeps, and the odometers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ...engines import Session
from ...filtering import Rewritten
from ...landing import quarantine
from ...landing.erased import owner_of
from ...landing.quarantine import Refusal
from ...landing.sources import SOURCES, source_of
from ...privacy.open import PURPOSE, odometers_of
from ..places import How, places
from .finding import Owners, owners_of, resolved
from .journal import Journal
from .people import People

_NO_ID_SIDE = r"[0-9A-Za-z_\-]"


def take_out(session: Session, journal: Journal) -> None:
    """Take the people of an erasure out of every stored table, all of them in one pass, the quarantine and odometers.

    Each partition's loss is in the journal before it happens. Raises UsageError for a table that nobody could be taken
    out of.
    """
    people = journal.people
    session.lake.drop_unfinished()
    for place in (resolved(place, people) for place in places(session)):
        if place.how is How.remade:
            journal.note("remade", place.table, rows=session.lake.rows(place.table))
            session.lake.delete(place.table)
        elif place.how is not How.kept:
            counted = _Counted(owners_of(session, place, people), len(people.persons))
            session.lake.rewrite(
                place.table,
                counted.stays,
                journal.erasure_id,
                columns=place.columns,
                ahead=partial(_note, journal, f"lake/{place.table}", counted),
            )
    for source in SOURCES:
        if source_of(session.project, source).of_accounts:
            for day in quarantine.days(session, source):
                _refusals(session, journal, source, day)
    _odometers(session, journal)


def rows_of(session: Session, people: People) -> Iterator[tuple[str, int, int]]:
    """Rows that people have in each stored table: table, number of the person, rows. Nothing is changed."""
    for place in (resolved(place, people) for place in places(session)):
        if place.how not in (How.by_account, How.by_key):
            continue
        owners = owners_of(session, place, people)
        total = np.zeros(len(people.persons), np.int64)
        for file in session.lake.files(place.table):
            for piece in _pieces(file, place.columns):
                total += _tally(owners(piece), len(people.persons))
        yield from ((place.table, int(n), int(total[n])) for n in np.flatnonzero(total))


class _Counted:
    """Says which rows stay, and counts by person those that do not."""

    def __init__(self, owners: Owners, people: int) -> None:
        self._owners = owners
        self._rows = np.zeros(people, np.int64)

    def stays(self, piece: pa.Table) -> pa.BooleanArray:
        """See Lake.rewrite."""
        owners = self._owners(piece)
        self._rows += _tally(owners, len(self._rows))
        return pc.is_null(owners)

    def taken(self) -> dict[str, int]:
        """Rows that went since the last time, by the number of the person."""
        found = {str(n): int(self._rows[n]) for n in np.flatnonzero(self._rows)}
        self._rows[:] = 0
        return found


def _pieces(file: Path, columns: Sequence[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(file) as source:
        for group in range(source.num_row_groups):
            yield source.read_row_group(group, columns=list(columns))


def _tally(owners: pa.Array, people: int) -> np.ndarray:
    found = owners.drop_null().to_numpy(zero_copy_only=False)
    return np.bincount(found, minlength=people) if len(found) else np.zeros(people, np.int64)


def _note(journal: Journal, zone: str, counted: _Counted, lost: Sequence[Rewritten]) -> None:
    partition = PurePosixPath(lost[0].file).parent
    files = [each._asdict() for each in lost]
    journal.note("rewrite", f"lake/{partition}", zone=zone, files=files, rows=counted.taken())


def _refusals(session: Session, journal: Journal, source: str, day: date) -> None:
    owner = _owner_of(source, journal.people)
    rows: dict[int, int] = {}

    def stays(refusal: Refusal) -> bool:
        number = owner(refusal)
        if number is not None:
            rows[number] = rows.get(number, 0) + 1
        return number is None

    def ahead(lost: Rewritten) -> None:
        of_people = {str(n): count for n, count in sorted(rows.items())}
        journal.note(
            "rewrite", f"quarantine/{lost.file}", zone=f"quarantine/{source}", files=[lost._asdict()], rows=of_people
        )
        rows.clear()

    quarantine.rewrite(session, source, day, stays, ahead)


def _odometers(session: Session, journal: Journal) -> None:
    """What the people's accounts owe on allowances. Nobody is given a new one for it: an erased id is refused for ever.

    No digests are noted: a file is sealed under another nonce each time that it is written.
    """
    numbers = journal.people.keys(session.keyring, PURPOSE)
    for path, gone in odometers_of(session).forget(numbers):
        place = path.relative_to(session.settings.home)
        rows = {str(numbers[account]): 1 for account in gone}
        journal.note("rewrite", str(place), zone=str(place.parent), files=[], rows=dict(sorted(rows.items())))


def _owner_of(source: str, people: People) -> Callable[[Refusal], int | None]:
    """Whose a refused row is: by its columns, or by an account_id in the text of one that could not be taken apart."""
    ids = sorted(people.accounts, key=len, reverse=True)
    listed = "|".join(map(re.escape, ids))
    within = re.compile(f"(?<!{_NO_ID_SIDE})({listed})(?!{_NO_ID_SIDE})") if ids else None

    def owner(refusal: Refusal) -> int | None:
        if refusal.row is None:
            found = within.search(refusal.raw) if within is not None and refusal.raw is not None else None
            return None if found is None else people.accounts[found[1]]
        account, profile = owner_of(source, refusal.row)
        return people.accounts.get(account or "", people.profiles.get((account or "", profile or "")))

    return owner
