"""Events that arrive past the time for which they may be kept: dropped, counted, and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from ..engines import Folder, Input
from ..keeping import EVENT_TIMES, kept_from, suspects
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
    types = door.session.project.contracts[door.source.accepted].types
    inputs: Mapping[str, Input] = {
        "accepted": Folder(staged, files, types, "arrival_day"),
        _REQUESTS: door.session.folder(_REQUESTS),
    }
    past = f"""
        select accepted.*, accepted.{EVENT_TIMES[source]} < timestamp '{since}' and held.account_id is null as overdue
        from accepted left join ({_HELD}) as held on accepted.account_id = held.account_id"""
    sql = f"select arrival_day, count(*) as rows from ({past}) as asked where overdue group by arrival_day"
    dropped: Mapping[date, int] = {
        row["arrival_day"]: row["rows"] for row in door.session.engine.fetch(sql, inputs).to_pylist()
    }
    if dropped:
        _replace(door, staged, files, f"select {', '.join(types)} from ({past}) as asked where not overdue", inputs)
    door.counts += [Count(day, source, "dropped", "past_retention", rows) for day, rows in dropped.items()]


def _replace(door: Door, staged: Path, files: list[Path], kept: str, inputs: Mapping[str, Input]) -> None:
    """Put the rows that stay in place of the files that they lie in."""
    rest = door.work / "kept"
    rest.mkdir()
    door.session.engine.write(kept, inputs, rest, partition_by="arrival_day")
    for file in files:
        file.unlink()
    for file in rest.rglob("*.parquet"):
        place = staged / file.relative_to(rest).parent
        file.rename(place / f"kept-{file.name}")
