"""When rows arrive: late ones, second deliveries of the same payload, and the same id with another payload."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .faults import Faults
from .viewing import Rows

_LATE_SHARE = 0.025
_NEXT_DAY_SHARE = 0.055
_LATE_WITHIN_DAYS = 9
_SAME_DAY_SHARE = 0.4
_RESENT_WITHIN_DAYS = 5
_LEAST = 0.1


def arrival_days(rng: np.random.Generator, day: int, rows: int) -> npt.NDArray[np.int64]:
    """The day on which each of a day's rows arrives: most on it, some on the next, a few up to nine days later."""
    draw = rng.random(rows)
    delay = np.where(draw < _LATE_SHARE, rng.integers(2, _LATE_WITHIN_DAYS + 1, rows), 0)
    return day + np.where((draw >= _LATE_SHARE) & (draw < _LATE_SHARE + _NEXT_DAY_SHARE), 1, delay)


@dataclass(frozen=True)
class Drop:
    """What one feed delivers on one day. The conflicts' ids were seen before, in `clean` or on an earlier day."""

    clean: Rows
    duplicates: Rows
    conflicts: Rows
    torn: Rows
    """Rows in a file that cannot be read; they come again, readable, on the next day."""


class Delivery:
    """Keeps what is still under way, from day to day. `alter` gives rows of the same ids another payload."""

    def __init__(self, faults: Faults, days: int, alter: Callable[[Rows], Rows]) -> None:
        self._faults = faults
        self._days = days
        self._alter = alter
        self._late: dict[int, list[Rows]] = defaultdict(list)
        self._again: dict[int, list[Rows]] = defaultdict(list)
        self._other: dict[int, list[Rows]] = defaultdict(list)

    def deliver(
        self, rng: np.random.Generator, day: int, rows: Rows, arrival: npt.NDArray[np.int64], *, torn: int = 0
    ) -> Drop:
        """What arrives on `day`, given the rows made since the day before and the day on which each arrives.

        `torn` rows of it are delivered in a way that cannot be read, unless nobody could send them again in time.
        """
        for later in np.unique(arrival[arrival > day]):
            if later < self._days:
                self._late[int(later)].append(rows[arrival == later])
        clean = np.concatenate([rows[arrival <= day], *self._late.pop(day, [])])
        torn = min(torn, len(clean)) if day + 1 < self._days else 0
        clean, lost = clean[: len(clean) - torn], clean[len(clean) - torn :]
        if torn:
            self._late[day + 1].append(lost)
        self._plan_repeats(rng, day, clean)
        none = clean[:0]
        return Drop(
            clean=clean,
            duplicates=np.concatenate([none, *self._again.pop(day, [])]),
            conflicts=np.concatenate([none, *self._other.pop(day, [])]),
            torn=lost,
        )

    def _plan_repeats(self, rng: np.random.Generator, day: int, clean: Rows) -> None:
        shares = (self._faults.duplicates, self._faults.conflicts)
        wanted = [int(rng.poisson(max(share * len(clean), _LEAST) if share else 0)) for share in shares]
        wanted[0] = min(wanted[0], len(clean))
        # Without replacement over both kinds: no row is sent a third time, and no duplicate is a conflict.
        chosen = (
            rng.choice(len(clean), min(sum(wanted), len(clean)), replace=False) if sum(wanted) else np.zeros(0, int)
        )
        delay = rng.integers(1, _RESENT_WITHIN_DAYS + 1, len(chosen))
        delay[rng.random(len(chosen)) < _SAME_DAY_SHARE] = 0
        for after in range(_RESENT_WITHIN_DAYS + 1):
            same, other = chosen[: wanted[0]], chosen[wanted[0] :]
            self._again[day + after].append(clean[same[delay[: wanted[0]] == after]])
            self._other[day + after].append(self._alter(clean[other[delay[wanted[0] :] == after]]))
