"""Finding what was dropped: the files of an input, by day, with what tells whether they changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from ..errors import UsageError


@dataclass(frozen=True)
class Drop:
    """One file: where it is, its name within the landing zone, the day that it counts for, and its size (bytes) and
    time (ns) when it was seen."""

    path: Path
    name: str
    day: date
    size: int
    mtime_ns: int

    @property
    def signature(self) -> tuple[str, int, int]:
        """Changes when the file does."""
        return self.name, self.size, self.mtime_ns


@dataclass(frozen=True)
class Part:
    """A file, or what lies between two places in it: bytes of text, rows of Parquet, up to its end where there is none.
    `line` is the number of its first line, from 1."""

    drop: Drop
    begin: int = 0
    end: int | None = None
    line: int = 1


@dataclass(frozen=True)
class Drops:
    """The files of one input by arrival day; a day whose folder exists without files is an empty list.

    `strays` are the names of what lies beside the days and is read by nobody. `missing` is set where the input has no
    folder at all.
    """

    days: dict[date, list[Drop]] = field(default_factory=dict)
    strays: tuple[str, ...] = ()
    missing: bool = False


def find_days(landing: Path, source: str, days: Sequence[date]) -> Drops:
    """The drops of a daily input on the given days.

    Raises UsageError where there is no landing zone.
    """
    folder = _folder(landing, source)
    if not folder.is_dir():
        return Drops(missing=True)
    wanted, found, strays = set(days), {}, []
    for child in sorted(folder.iterdir()):
        day = _day_of(child)
        if day is None:
            if not child.name.startswith("."):
                strays.append(child.name)
        elif day in wanted:
            found[day] = _files(landing, child, day)
    return Drops(found, tuple(strays))


def days_there(landing: Path, source: str) -> list[date]:
    """The days that a daily input has a folder for, in order. Raises UsageError where there is no landing zone."""
    folder = _folder(landing, source)
    days = (_day_of(child) for child in folder.iterdir()) if folder.is_dir() else ()
    return sorted(day for day in days if day is not None)


def find_snapshot(landing: Path, source: str, day: date) -> Drops:
    """All drops of a snapshot, as of one day. Raises UsageError where there is no landing zone."""
    folder = _folder(landing, source)
    if not folder.is_dir():
        return Drops(missing=True)
    return Drops({day: _files(landing, folder, day)})


def by_day(drops: Iterable[Drop]) -> dict[date, list[Drop]]:
    """Files by the day that they count for."""
    found: dict[date, list[Drop]] = {}
    for drop in drops:
        found.setdefault(drop.day, []).append(drop)
    return found


def day_of(name: str, source: str) -> str:
    """DuckDB text of the day of a daily input's file, from the expression that has its name within the landing zone."""
    return f"cast(substr({name}, {len(f'{source}/day=') + 1}, {len('YYYY-MM-DD')}) as date)"


def _folder(landing: Path, source: str) -> Path:
    if not landing.is_dir():
        raise UsageError(
            f"{landing}: there is no landing zone here: give its folder with --landing or MEDIA_PRIVACY_LANDING, or "
            "make one with `media-privacy simulate`"
        )
    return landing / source


def _day_of(folder: Path) -> date | None:
    prefix, _, text = folder.name.partition("=")
    if prefix != "day" or len(text) != len("YYYY-MM-DD") or not folder.is_dir():
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _files(landing: Path, folder: Path, day: date) -> list[Drop]:
    """Everything in a folder, in the order of names, but what the system hides and Hadoop's success marker."""
    found = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.name == "_SUCCESS":
            continue
        state = path.stat()
        found.append(Drop(path, str(path.relative_to(landing)), day, state.st_size, state.st_mtime_ns))
    return found
