"""Memory and processor time of a process and all that descend from it: Python, Java and its Python workers (Linux)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

_TICKS = os.sysconf("SC_CLK_TCK")


class Watched:
    """While it is open, looks at processes twice a second: `peak` is the largest sum of their proportional set sizes
    (bytes, pages that several share counted once in all), `processor` the seconds that they and what ended among their
    children took, less what they had taken before.

    `roots` are process ids; those that descend from them are found anew each time. What ended is told by the parent
    that waited for it, so that only processes whose parents died first are lost.
    """

    def __init__(self, *roots: int) -> None:
        self.peak = 0
        self._roots = roots
        self._most = 0.0
        self._before = 0.0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    @property
    def processor(self) -> float:
        """Processor seconds so far."""
        return max(0.0, self._most - self._before)

    def __enter__(self) -> Self:
        self._before = sum(seconds(process) for process in descending(self._roots))
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._look()
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            self._look()

    def _look(self) -> None:
        tree = descending(self._roots)
        self.peak = max(self.peak, sum(memory(process) for process in tree))
        # The sum grows but for what nobody waited for: a process hands its seconds to its parent when it ends.
        self._most = max(self._most, sum(seconds(process) for process in tree))


def descending(roots: Iterable[int]) -> set[int]:
    """Ids of processes and of all that descend from them."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    left = list(roots)
    while left:
        process = left.pop()
        if process not in found:
            found.add(process)
            left += children.get(process, [])
    return found


def memory(process: int) -> int:
    """Proportional set size in bytes; 0 for a process that is gone."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def seconds(process: int) -> float:
    """Processor seconds of a process, in user and system mode, and of its children that it waited for; 0 for one that
    is gone."""
    fields = _stat(process)
    return sum(map(int, fields[11:15])) / _TICKS if fields else 0.0


def _stat(process: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on; the name before it may hold blanks and brackets."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
