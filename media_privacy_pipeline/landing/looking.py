"""What landed of one account, read again from the drops: for an answer that is complete to the row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from ..engines import Input, Session
from .door import Door
from .drops import Drop, days_there, find_days, find_snapshot
from .opening import open_door
from .sources import Source, source_of

_DAYS_AT_ONCE = 31
_OWN = "select l.* from landed as l join wanted as w on trim(l.account_id) = w.account_id"
_PLACES = f"select o.profile_id, o._file, o._line from ({_OWN}) as o"
_TEXTS = "select l._raw from landed as l join wanted as w on contains(l._raw, w.account_id)"


@dataclass
class Landed:
    """Rows of one account in one input, typed as the door types them: dicts in the columns of `stg_landing__<source>`,
    reject_reason, _file, _line and arrival_day among them. `erased` are the profiles, as sent, of the rows that the
    door drops because their person was erased.

    `torn` counts rows that cannot be taken apart and have the account's id in their text: whose they are is not known.
    `unreadable` counts files of which nothing can be read.
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    erased: list[str | None] = field(default_factory=list)
    torn: int = 0
    unreadable: int = 0


def look_for(session: Session, name: str, account_id: str, snapshot_day: date) -> Landed:
    """Find an account's rows among all drops of an input; a snapshot's rows count for the given day.

    Raises UsageError where there is no landing zone or no such input.
    """
    source, found = source_of(session.project, name), Landed()

    def look(door: Door) -> None:
        wanted = pa.table({"account_id": [account_id]})
        every: dict[str, Input] = {"landed": door.landed.rows(door.days), "wanted": wanted}
        own = session.engine.fetch(_OWN, {"landed": door.scan(door.days), "wanted": wanted})
        places = session.engine.fetch(_PLACES, every).to_pylist()
        texts = session.engine.fetch(_TEXTS, every).column("_raw").to_pylist()
        typed = session.engine.fetch(door.render(f"stg_landing__{name}"), {source.landed: own}).to_pylist()
        let_by = {(row["_file"], row["_line"]) for row in typed}
        # A file that breaks while it is read is read again: only what was read to its end is counted.
        found.rows += typed
        found.erased += [row["profile_id"] for row in places if (row["_file"], row["_line"]) not in let_by]
        found.torn += sum(map(_word(account_id), texts))
        found.unreadable += len(door.landed.unreadable)

    for days, drops in _parts(session, source, snapshot_day):
        open_door(session, source, days, drops, look)
    found.rows.sort(key=lambda row: (row["arrival_day"], row["_file"], row["_line"]))
    return found


def _word(account_id: str) -> Any:
    """Whether a text has the id as a word of its own: a1 is not in a12."""
    word = re.compile(rf"(?<![\w-]){re.escape(account_id)}(?![\w-])")
    return lambda text: word.search(text) is not None


def _parts(session: Session, source: Source, snapshot_day: date) -> Iterator[tuple[Sequence[date], list[Drop]]]:
    landing = session.settings.landing
    if source.identity is None:
        yield [snapshot_day], find_snapshot(landing, source.name, snapshot_day).days.get(snapshot_day, [])
        return
    days = days_there(landing, source.name)
    for first in range(0, len(days), _DAYS_AT_ONCE):
        some = days[first : first + _DAYS_AT_ONCE]
        yield some, [drop for files in find_days(landing, source.name, some).days.values() for drop in files]
