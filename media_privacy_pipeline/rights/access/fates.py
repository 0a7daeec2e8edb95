"""What became of each row that landed of a person, told by comparing it with what the door accepted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

Row = Mapping[str, Any]

_MADE_AT_THE_DOOR = frozenset({"title_unknown", "payload_hash", "arrival_day"})


def fates(
    landed: Sequence[Row],
    accepted: Sequence[Row],
    *,
    identity: str | None,
    taken_in: Collection[date],
    erased: int = 0,
) -> Counter[tuple[str, str]]:
    """Rows by (stage, reason): the stages landed and gone on one side, those that they fall into on the other.

    `landed` are rows as the door types them, in the order of day, file and line; `accepted` those it let in. `identity`
    is the column that names a row of a daily input; None is a snapshot, where the newest good row of a profile counts.
    `taken_in` are the days that a run took in; `erased` rows more landed that the door drops as an erased person's.
    """
    found: Counter[tuple[str, str]] = Counter({("landed", ""): len(landed) + erased, ("accepted", ""): len(accepted)})
    found["dropped", "erased"] = erased
    good = []
    for row in landed:
        if row["reject_reason"] is not None:
            waiting = identity is not None and row["arrival_day"] not in taken_in
            found[("waiting", "") if waiting else ("quarantined", row["reject_reason"])] += 1
        else:
            good.append(row)
    if identity is None:
        return found + _snapshot(good, accepted)
    return found + _daily(good, accepted, identity, taken_in)


def unbalanced(found: Mapping[tuple[str, str], int]) -> int:
    """Rows that are told of on one side and not on the other; 0 where every row is accounted for."""
    total = sum(found.values())
    return 2 * sum(rows for (stage, _), rows in found.items() if stage in ("landed", "gone")) - total


def _daily(
    good: Iterable[Row], accepted: Sequence[Row], identity: str, taken_in: Collection[date]
) -> Counter[tuple[str, str]]:
    """Of the landed rows that say what an accepted one says, one is that row and the others repeat it."""
    open_ = Counter((row["arrival_day"], _said(row, row)) for row in accepted)
    says: dict[str, set[tuple[Any, ...]]] = defaultdict(set)
    for row in accepted:
        says[row[identity]].add(_said(row, row))
    like = accepted[0] if accepted else {}
    found: Counter[tuple[str, str]] = Counter()
    for row in good:
        said = _said(row, like)
        if open_[row["arrival_day"], said]:
            open_[row["arrival_day"], said] -= 1
        elif row["arrival_day"] not in taken_in:
            found["waiting", ""] += 1
        elif said in says[row[identity]]:
            found["duplicate", ""] += 1
        else:
            found["quarantined", "conflicting_duplicate"] += 1
    found["gone", ""] = open_.total()
    return found


def _snapshot(good: Iterable[Row], accepted: Sequence[Row]) -> Counter[tuple[str, str]]:
    """The newest row of each profile is the accepted one, unless a newer file came since the last run."""
    versions: dict[str, list[Row]] = defaultdict(list)
    for row in sorted(good, key=lambda row: (row["_file"], row["_line"])):
        versions[row["profile_id"]].append(row)
    current = {row["profile_id"]: row for row in accepted}
    found: Counter[tuple[str, str]] = Counter()
    for profile, rows in versions.items():
        held = current.pop(profile, None)
        says = [held is not None and _said(row, held) == _said(held, held) for row in rows]
        if True not in says:
            found["waiting", ""] += len(rows)
            found["gone", ""] += held is not None
            continue
        at = len(says) - 1 - says[::-1].index(True)
        found["superseded", ""] += at
        found["waiting", ""] += len(rows) - 1 - at
    found["gone", ""] += len(current)
    return found


def _said(row: Row, like: Row) -> tuple[Any, ...]:
    """What a row says, in the columns that both the landed and the accepted rows have."""
    return tuple(row[name] for name in like if name not in _MADE_AT_THE_DOOR)
