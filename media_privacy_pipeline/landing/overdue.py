"""Events that arrive past the time for which they may be kept: dropped, counted, and kept nowhere."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pyarrow.compute as pc

from ..filtering import filter_file
from ..keeping import EVENT_TIMES, Held, kept_from, of_held, past, suspects
from .accounting import Count
from .door import Door

_REQUESTS = "accepted_subject_requests"
_HELD = f"select distinct account_id from {_REQUESTS} where kind = 'legal_hold' and verified"


def drop_overdue(door: Door, staged: Path, as_of: datetime) -> None:
    """Take events that began before the policy's days out of the accepted rows of a door, and count them by day.

    A day that is let in again after its rows were destroyed does not bring them back. Rows of an account that was ever
    put under a legal hold are let in: whether the hold still stands is asked of the ledger, later in the same night.
    """
    source = door.source.name
    if source not in EVENT_TIMES:
        return
    since = kept_from(door.session.policy, source, as_of)
    files = suspects(sorted(staged.rglob("*.parquet")), EVENT_TIMES[source], since)
    if not files:
        return
    overdue, held = past(EVENT_TIMES[source], since), of_held(_ever_held(door))
    dropped: Counter[date] = Counter()
    for file in files:
        rest = file.with_name(f".{file.name}")
        lost = filter_file(file, rest, lambda piece: pc.or_(pc.invert(overdue(piece)), held(piece)), staged)
        if lost is None:
            # Two names of one file: renaming one over the other would leave both.
            rest.unlink()
        else:
            rest.replace(file)
            dropped[date.fromisoformat(file.parent.name.partition("=")[2])] += lost.rows_before - lost.rows_after
    door.counts += [Count(day, source, "dropped", "past_retention", rows) for day, rows in dropped.items()]


def _ever_held(door: Door) -> Held:
    found = door.session.engine.fetch(_HELD, {_REQUESTS: door.session.folder(_REQUESTS)})
    return frozenset((account, None) for account in found["account_id"].to_pylist())
